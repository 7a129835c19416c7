import type { Field } from '../usecases/field.ts';

/** Why an event or a batch was refused: the same words at the door, in the dead letters and in the quarantine table. */
export interface Fault {
  /** The field at fault; `(event)` or `(batch)` where it is the whole. */
  readonly field: string;
  /** What was found, safe to print: personal data reads `(pii)`, the value of an unknown field only its type. */
  readonly value: unknown;
  readonly expected: string;
  /** One of `REASON`, or a word of the layer that refused. */
  readonly reason: string;
}

export const REASON = {
  shape: 'not an object',
  missing: 'missing',
  type: 'wrong type',
  empty: 'empty',
  length: 'too long',
  pattern: 'does not match the pattern',
  text: 'broken text',
  set: 'not in the set',
  range: 'out of range',
  time: 'not a time',
  future: 'too far in the future',
  past: 'too far in the past',
  unknown: 'unknown field',
  clear: 'personal data in the clear',
  duplicate: 'duplicate id',
  nulls: 'too many nulls',
  outliers: 'too many outliers',
  volume: 'unusual volume',
  stale: 'stale',
  distribution: 'distribution moved',
} as const;

const MAX_SHOWN = 120;

/** A value as a fault may show it. Texts are cut at 120 characters and made well-formed, structures read as their type. */
export function shown(field: Field | undefined, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (field === undefined) return `(${typeName(value)})`;
  if (field.class === 'pii') return '(pii)';
  if (typeof value === 'string') return (value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value).toWellFormed();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : `(${typeName(value)})`;
}

export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** One line for a log or a terminal: `price: out of range, found -1, expected a number from 0 to 100000`. */
export const faultText = (fault: Fault): string =>
  `${fault.field}: ${fault.reason}, found ${JSON.stringify(fault.value)}, expected ${fault.expected}`;
