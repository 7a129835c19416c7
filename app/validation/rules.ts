import { Compile } from 'typebox/compile';
import type { Micros } from '../clock/port.ts';
import { formatTimestamp } from '../clock/timestamp.ts';
import type { EventType } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import { micros } from '../usecases/window.ts';
import { type Fault, REASON, shown } from './fault.ts';

/** The rules of one field, compiled. `judge` takes a normalised value (timestamps in microseconds), never null. */
export interface FieldRule {
  readonly name: string;
  readonly field: Field;
  readonly expected: string;
  /** One of `REASON`, or undefined where the value is right. */
  readonly reasonAgainst: (value: unknown) => string | undefined;
}

/** All rules that one event can break by itself. The door and the batch audit judge by this one value. */
export interface RuleSet {
  readonly event: EventType;
  readonly fields: readonly FieldRule[];
  readonly names: ReadonlySet<string>;
  readonly ahead: Micros;
  readonly behind: Micros;
}

/** Names of unknown fields listed in one refusal. */
const MAX_UNKNOWN = 16;

/** Where a row came from, as the lake writes beside the event's fields. */
const ORIGIN: ReadonlySet<string> = new Set(['_partition', '_offset', '_ingested_at']);
const CIPHERTEXT = /^enc:v1:[\w-]+={0,2}$/;
/** Any token: how pseudonyms look is the key store's affair. */
const PSEUDONYM = /^[\w.:-]{1,128}$/;

const compiled = new WeakMap<EventType, RuleSet>();

/** Compiled once per event type and kept. */
export function compileRules(event: EventType): RuleSet {
  const known = compiled.get(event);
  if (known !== undefined) return known;
  const rules: RuleSet = {
    event,
    fields: Object.entries(event.fields).map(([name, field]) => compileField(name, field)),
    names: new Set(Object.keys(event.fields)),
    ahead: micros(event.rules.maxAhead),
    behind: micros(event.rules.maxBehind),
  };
  compiled.set(event, rules);
  return rules;
}

/** The fault of a present value, if any. `now` bounds the event time only. */
export function judge(rules: RuleSet, rule: FieldRule, value: unknown, now: Micros): Fault | undefined {
  const reason = rule.reasonAgainst(value);
  if (reason !== undefined) return { field: rule.name, value: shown(rule.field, value), expected: rule.expected, reason };
  if (rule.name !== rules.event.time) return undefined;
  return judgeTime(rules, rule, value as Micros, now);
}

export const missing = (rule: FieldRule): Fault => ({
  field: rule.name,
  value: null,
  expected: rule.expected,
  reason: REASON.missing,
});

/**
 * Faults of one normalised row, in the order of the event's fields: what the door says of the wire event it came from.
 * The lake's columns of origin are no part of the event. In a sealed row the subject is a pseudonym
 * and other fields of class `pii` are ciphertext: their plain values were judged at the door, here only the seal is.
 */
export function rowFaults(
  rules: RuleSet,
  row: Readonly<Record<string, unknown>>,
  now: Micros,
  sealed: boolean,
): readonly Fault[] {
  const faults: Fault[] = [];
  let present = 0;
  for (const rule of rules.fields) {
    const sent = Object.hasOwn(row, rule.name);
    if (sent) present++;
    const value = sent ? row[rule.name] : null;
    let fault: Fault | undefined;
    if (value === undefined || value === null) fault = rule.field.nullable ? undefined : missing(rule);
    else if (sealed && rule.field.class === 'pii') fault = judgeSeal(rule, value);
    else fault = judge(rules, rule, value, now);
    if (fault !== undefined) faults.push(fault);
  }
  if (Object.keys(row).length === present) return faults;
  return [...faults, ...unknownFields(rules, row, (name) => ORIGIN.has(name))];
}

function judgeSeal(rule: FieldRule, value: unknown): Fault | undefined {
  if (typeof value === 'string' && (rule.field.subject ? PSEUDONYM : CIPHERTEXT).test(value)) return undefined;
  const expected = rule.field.subject ? 'a pseudonym' : 'ciphertext, enc:v1:…';
  return { field: rule.name, value: '(pii)', expected, reason: REASON.clear };
}

/** Faults of the fields that the event does not have, in order of their names; past the first 16 they are counted. */
export function unknownFields(
  rules: RuleSet,
  values: Readonly<Record<string, unknown>>,
  own?: (name: string) => boolean,
): readonly Fault[] {
  const names = Object.keys(values)
    .filter((name) => !rules.names.has(name) && own?.(name) !== true)
    .sort();
  const listed = names.slice(0, MAX_UNKNOWN).map((name) => unknownField(rules, name, values[name]));
  if (names.length <= MAX_UNKNOWN) return listed;
  return [...listed, unknownField(rules, `(${names.length - MAX_UNKNOWN} more)`, undefined)];
}

const unknownField = (rules: RuleSet, name: string, value: unknown): Fault => ({
  field: (name.length > 64 ? `${name.slice(0, 64)}…` : name).toWellFormed(),
  value: shown(undefined, value),
  expected: `one of ${[...rules.names].join(', ')}`,
  reason: REASON.unknown,
});

function judgeTime(rules: RuleSet, rule: FieldRule, at: Micros, now: Micros): Fault | undefined {
  const { maxAhead, maxBehind } = rules.event.rules;
  const value = rule.field.class === 'pii' ? '(pii)' : formatTimestamp(at);
  if (at > now + rules.ahead) {
    const expected = `at most ${maxAhead} after ${formatTimestamp(now)}`;
    return { field: rule.name, value, expected, reason: REASON.future };
  }
  if (at < now - rules.behind) {
    const expected = `at most ${maxBehind} before ${formatTimestamp(now)}`;
    return { field: rule.name, value, expected, reason: REASON.past };
  }
  return undefined;
}

function compileField(name: string, field: Field): FieldRule {
  const expected = expectation(field);
  if (field.type === 'timestamp') {
    return { name, field, expected, reasonAgainst: (value) => (Number.isSafeInteger(value) ? undefined : REASON.type) };
  }
  const schema = Compile(field.schema);
  if (field.type !== 'string') {
    const type = field.type === 'boolean' ? 'boolean' : 'number';
    return {
      name,
      field,
      expected,
      reasonAgainst: (value) =>
        schema.Check(value) ? undefined : typeof value === type && !fractional(field, value) ? REASON.range : REASON.type,
    };
  }
  const maxLength = limit(field) ?? Number.POSITIVE_INFINITY;
  return { name, field, expected, reasonAgainst: (value) => againstText(field, (text) => schema.Check(text), maxLength, value) };
}

/** Lengths count UTF-16 units: a schema's own count takes a letter with a thousand accents for one character. */
function againstText(field: Field, check: (value: unknown) => boolean, maxLength: number, value: unknown): string | undefined {
  if (typeof value !== 'string') return REASON.type;
  if (!wholeText(value)) return REASON.text;
  if (value.length <= maxLength && check(value)) return undefined;
  if (field.values !== undefined) return REASON.set;
  if (value.length > maxLength) return REASON.length;
  return value === '' ? REASON.empty : REASON.pattern;
}

/** No lone surrogate, no U+FFFD (what decoding broken UTF-8 leaves behind), no NUL (no database text holds it). */
const wholeText = (value: string): boolean => value.isWellFormed() && !value.includes('\ufffd') && !value.includes('\0');

const fractional = (field: Field, value: unknown): boolean => field.type === 'long' && !Number.isInteger(value);

function limit(field: Field): number | undefined {
  const value = schemaKey(field, 'maxLength');
  return typeof value === 'number' ? value : undefined;
}

const schemaKey = (field: Field, key: string): unknown => (field.schema as Readonly<Record<string, unknown>>)[key];

function expectation(field: Field): string {
  if (field.values !== undefined) return `one of ${field.values.join(', ')}`;
  const [from, to] = field.range ?? [];
  const range = from === undefined ? '' : ` from ${from} to ${to}`;
  const pattern = schemaKey(field, 'pattern');
  switch (field.type) {
    case 'timestamp':
      return 'an RFC 3339 time, e.g. 2026-01-31T09:30:00.123456Z';
    case 'boolean':
      return 'true or false';
    case 'double':
      return `a number${range}`;
    case 'long':
      return `a whole number${range}`;
    case 'string': {
      const text = `text of 1 to ${limit(field) ?? 'any number of'} characters`;
      return typeof pattern === 'string' ? `${text} matching ${pattern}` : text;
    }
  }
}
