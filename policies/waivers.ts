import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { policyError } from './errors.ts';
import type { Resource, Rule } from './rule.ts';

const WAIVER = Type.Object(
  {
    /** Id of the rule, e.g. `K03`. */
    rule: Type.String({ pattern: '^[A-Z][0-9]{2}$', description: 'the id of a rule, e.g. K03' }),
    /** Name of the resource in the program. */
    resource: Type.String({ minLength: 1, description: 'the name of one resource' }),
    owner: Type.String({ minLength: 1, description: 'who answers for it' }),
    reason: Type.String({ minLength: 12, description: 'why it is safe until then, in a sentence' }),
    /** Last day it counts, UTC. */
    expires: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'a day, YYYY-MM-DD' }),
  },
  { additionalProperties: false },
);
const FILE = Compile(Type.Array(WAIVER));

export type Waiver = Static<typeof WAIVER>;

/**
 * Reads waivers and refuses incomplete ones, one for an unknown rule, and one for a day that is none.
 * @throws MR_POLICIES_WAIVER_INVALID with the field, its value and what was expected
 */
export function parseWaivers(text: string, ruleIds: readonly string[]): readonly Waiver[] {
  const raw = parseJson(text);
  if (!FILE.Check(raw)) {
    const [fault] = FILE.Errors(raw);
    const field = fieldOf(fault);
    throw invalid(field, valueAt(raw, field), expectationOf(field));
  }
  raw.forEach((waiver, index) => {
    if (!ruleIds.includes(waiver.rule)) throw invalid(`[${index}].rule`, waiver.rule, 'the id of a rule in docs/policies.md');
    if (Number.isNaN(endOf(waiver).getTime())) throw invalid(`[${index}].expires`, waiver.expires, 'a day of the calendar');
  });
  return raw;
}

export const loadWaivers = (rules: readonly Rule[], file: string | URL = new URL('./waivers.json', import.meta.url)) =>
  parseWaivers(
    readFileSync(file, 'utf8'),
    rules.map(({ id }) => id),
  );

/** A waiver counts to the end of its last day. */
export const hasExpired = (waiver: Waiver, now: Date): boolean => now.getTime() >= endOf(waiver).getTime();

/** The waiver in force for a rule at a resource. */
export const waiverFor = (
  waivers: readonly Waiver[],
  rule: Pick<Rule, 'id'>,
  resource: Pick<Resource, 'name'>,
  now: Date,
): Waiver | undefined =>
  waivers.find((waiver) => waiver.rule === rule.id && waiver.resource === resource.name && !hasExpired(waiver, now));

const DAY_MS = 86_400_000;

function endOf({ expires }: Waiver): Date {
  const day = new Date(`${expires}T00:00:00Z`).getTime();
  // JavaScript reads 30 February as 2 March.
  const real = !Number.isNaN(day) && new Date(day).toISOString().startsWith(expires);
  return new Date(real ? day + DAY_MS : Number.NaN);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw policyError('MR_POLICIES_WAIVER_INVALID', 'policies/waivers.json is not JSON', { field: 'waivers', cause });
  }
}

const invalid = (field: string, value: unknown, expected: string) =>
  policyError('MR_POLICIES_WAIVER_INVALID', `waivers${field} is ${JSON.stringify(value) ?? 'missing'}; expected ${expected}`, {
    field: `waivers${field}`,
    value,
    expected,
  });

/** `[0].owner` of a validator's fault: its path, and the key where one is missing or too many. */
function fieldOf(fault: ReturnType<typeof FILE.Errors>[number] | undefined): string {
  const { requiredProperties, additionalProperties } = (fault?.params ?? {}) as Readonly<Record<string, string[] | undefined>>;
  const path = (fault?.instancePath ?? '').replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.');
  const key = requiredProperties?.[0] ?? additionalProperties?.[0];
  return key === undefined ? path : `${path}.${key}`;
}

const valueAt = (raw: unknown, field: string): unknown =>
  [...field.matchAll(/\[(\d+)\]|\.(\w+)/g)].reduce<unknown>(
    (value, [, index, key]) => (value as Readonly<Record<string, unknown>> | undefined)?.[index ?? key ?? ''],
    raw,
  );

function expectationOf(field: string): string {
  const key = field.split('.').at(-1) ?? '';
  const known = WAIVER.properties[key as keyof typeof WAIVER.properties] as { description?: string } | undefined;
  if (known?.description !== undefined) return known.description;
  return field.includes('.') ? 'no such key' : 'a list of waivers';
}
