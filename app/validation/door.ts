import type { Clock, Micros } from '../clock/port.ts';
import type { EventType, Row } from '../usecases/event.ts';
import { type Fault, REASON, shown, typeName } from './fault.ts';
import { parseTimestamp } from './rfc3339.ts';
import { compileRules, type FieldRule, judge, missing, type RuleSet, unknownFields } from './rules.ts';

export type Admission = { readonly ok: true; readonly row: Row } | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Judges one wire event (parsed JSON) and makes it a row: absent fields become null, RFC 3339 times microseconds, `-0` zero.
 * All faults are reported, in the order of the event's fields. Touches no key: the row still names the person.
 */
export function admit(event: EventType, raw: unknown, clock: Clock): Admission {
  const rules = compileRules(event);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    const fault = { field: '(event)', value: `(${typeName(raw)})`, expected: 'a JSON object', reason: REASON.shape };
    return { ok: false, faults: [fault] };
  }
  const now = clock.now();
  const wire = raw as Readonly<Record<string, unknown>>;
  const row: Record<string, string | number | boolean | null> = {};
  let faults: Fault[] | undefined;
  let present = 0;
  for (const rule of rules.fields) {
    // Own properties only: a field called `constructor` is absent until it is sent.
    const sent = Object.hasOwn(wire, rule.name);
    if (sent) present++;
    const value = sent ? normal(rule, wire[rule.name]) : null;
    const fault = value === null ? (rule.field.nullable ? undefined : missing(rule)) : verdict(rules, rule, value, now);
    if (fault === undefined) row[rule.name] = value as Row[string];
    else if (faults === undefined) faults = [fault];
    else faults.push(fault);
  }
  if (Object.keys(wire).length !== present) faults = [...(faults ?? []), ...unknownFields(rules, wire)];
  return faults === undefined ? { ok: true, row } : { ok: false, faults };
}

/**
 * A wire event as the row it would be, right or wrong; undefined where no row can hold it (no object, a nested value, a
 * text that is no time). Faults of the row (`rowFaults`) are then the faults of the event.
 */
export function normalise(event: EventType, raw: unknown): Row | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const row: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(raw)) {
    const rule = compileRules(event).fields.find((candidate) => candidate.name === name);
    const held = rule === undefined ? value : normal(rule, value);
    if (typeof held === 'object' && held !== null) return undefined;
    Object.defineProperty(row, name, { value: held ?? null, enumerable: true, configurable: true, writable: true });
  }
  return row;
}

/** Marks a wire time that cannot be held in microseconds. */
class NoTime {
  readonly found: unknown;
  constructor(found: unknown) {
    this.found = found;
  }
}

function normal(rule: FieldRule, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (rule.field.type === 'timestamp') {
    return (typeof value === 'string' ? parseTimestamp(value) : undefined) ?? new NoTime(value);
  }
  return value === 0 ? 0 : value;
}

function verdict(rules: RuleSet, rule: FieldRule, value: unknown, now: Micros): Fault | undefined {
  if (!(value instanceof NoTime)) return judge(rules, rule, value, now);
  const reason = typeof value.found === 'string' ? REASON.time : REASON.type;
  return { field: rule.name, value: shown(rule.field, value.found), expected: rule.expected, reason };
}
