import type { EventType, Row } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import { countBins, psi, quantileEdges } from './psi.ts';
import { spread } from './robust.ts';

/** What the rows of an event usually look like; plain JSON. Fields of class `pii` and the row's id have a null rate only. */
export interface ReferenceProfile {
  readonly version: 1;
  readonly event: string;
  /** Rows that made it: the reference batch of the volume rule. */
  readonly rows: number;
  readonly fields: Readonly<Record<string, FieldProfile>>;
}

export interface FieldProfile {
  readonly nullRate: number;
  readonly numeric?: {
    readonly median: number;
    /** Robust standard deviation, 1.4826·MAD. */
    readonly scale: number;
    /** Ascending inner edges; `counts` has one more. */
    readonly edges: readonly number[];
    readonly counts: readonly number[];
  };
  /** Rows by value: the commonest, and all others together under `rest`. */
  readonly categories?: { readonly counts: Readonly<Record<string, number>>; readonly rest: number };
}

const BINS = 10;
/** Values a category is counted by: a field with more is described by its commonest. */
const MAX_CATEGORIES = 50;

/** Profile of these rows: per field the null rate, ten quantile bins of numbers, counts of categories. */
export function makeProfile(event: EventType, rows: readonly Row[]): ReferenceProfile {
  const fields: Record<string, FieldProfile> = {};
  for (const [name, field] of Object.entries(event.fields)) fields[name] = profileField(event, name, field, rows);
  return { version: 1, event: event.name, rows: rows.length, fields };
}

/** PSI of a field's values against its profile; undefined where the profile holds no shape of the field or there are no values. */
export function distanceFrom(profile: FieldProfile, values: readonly (string | number | boolean)[]): number | undefined {
  if (values.length === 0) return undefined;
  if (profile.numeric !== undefined) {
    return psi(
      profile.numeric.counts,
      countBins(
        profile.numeric.edges,
        values.filter((value) => typeof value === 'number'),
      ),
    );
  }
  if (profile.categories === undefined) return undefined;
  const { counts, rest } = profile.categories;
  const names = Object.keys(counts);
  const index = new Map(names.map((name, position) => [name, position]));
  const actual = new Array<number>(names.length + 1).fill(0);
  for (const value of values) {
    const bin = index.get(String(value)) ?? names.length;
    actual[bin] = (actual[bin] as number) + 1;
  }
  return psi([...names.map((name) => counts[name] as number), rest], actual);
}

function profileField(event: EventType, name: string, field: Field, rows: readonly Row[]): FieldProfile {
  const present = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
  const nullRate = rows.length === 0 ? 0 : 1 - present.length / rows.length;
  if (present.length === 0 || field.class === 'pii' || name === event.id || field.type === 'timestamp') return { nullRate };
  if (field.type === 'long' || field.type === 'double') {
    const values = present.filter((value) => typeof value === 'number');
    const edges = quantileEdges(values, BINS);
    return { nullRate, numeric: { ...spread(values), edges, counts: countBins(edges, values) } };
  }
  return { nullRate, categories: countCategories(present.map(String), field.values) };
}

function countCategories(
  values: readonly string[],
  declared: readonly string[] | undefined,
): NonNullable<FieldProfile['categories']> {
  const all = new Map<string, number>((declared ?? []).map((value) => [value, 0]));
  for (const value of values) all.set(value, (all.get(value) ?? 0) + 1);
  const ranked = [...all].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1)).slice(0, MAX_CATEGORIES);
  const counted = ranked.reduce((sum, [, count]) => sum + count, 0);
  return { counts: Object.fromEntries(ranked), rest: values.length - counted };
}
