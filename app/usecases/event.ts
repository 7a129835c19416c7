import type { Field, FieldType } from './field.ts';
import type { Duration } from './window.ts';

export type Fields = Readonly<Record<string, Field>>;

/** Names of the fields of one of the given types. */
export type FieldsOf<F extends Fields, T extends FieldType = FieldType> = {
  [N in keyof F & string]: F[N]['type'] extends T ? N : never;
}[keyof F & string];

/** What a row of these fields is in TypeScript. */
export type RowOf<F extends Fields> = {
  readonly [N in keyof F & string]: F[N] extends Field<FieldType, infer V, boolean> ? V : never;
};

/** A row inside the platform: admitted, normalised, the subject replaced by its pseudonym, timestamps in microseconds. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface EventType<N extends string = string, F extends Fields = Fields> {
  readonly name: N;
  readonly fields: F;
  /** Field with the unique id: a second event with one id is the same event. */
  readonly id: string;
  /** Field with the event time. */
  readonly time: string;
  /** Field that decides the partition and names the entity. */
  readonly key: string;
  readonly rules: EventRules;
}

export interface EventRules {
  /** How far ahead of the clock an event time may be. @default '5m' */
  readonly maxAhead: Duration;
  /** How far behind; older events are refused. @default '400d' */
  readonly maxBehind: Duration;
  /** Per batch: largest share of nulls, by field. */
  readonly nullRate: Readonly<Record<string, number>>;
  /** Per batch: robust z-score (median, MAD) above which a value counts as an outlier, by field, and the share of them a batch may hold. */
  readonly outliers: Readonly<Record<string, { readonly z: number; readonly maxShare: number }>>;
  /** Per batch: largest PSI of the field against the stored reference profile. */
  readonly distribution: Readonly<Record<string, number>>;
  /** Per batch: number of rows as a multiple of the reference batch's. */
  readonly volume: { readonly atLeast: number; readonly atMost: number } | undefined;
  /** Newest event of the stream may be this old before the source counts as stale. */
  readonly freshness: Duration | undefined;
  /** Most events a key may send a minute before further ones go to the dead letters. */
  readonly maxPerKeyPerMinute: number | undefined;
}

const RULES: EventRules = {
  maxAhead: '5m',
  maxBehind: '400d',
  nullRate: {},
  outliers: {},
  distribution: {},
  volume: undefined,
  freshness: undefined,
  maxPerKeyPerMinute: undefined,
};

interface EventOptions<N extends string, F extends Fields> {
  readonly name: N;
  readonly fields: F;
  readonly id: FieldsOf<F, 'string'>;
  readonly time: FieldsOf<F, 'timestamp'>;
  readonly key: FieldsOf<F, 'string'>;
  readonly rules?: Partial<Omit<EventRules, 'nullRate' | 'outliers' | 'distribution'>> & {
    readonly nullRate?: Partial<Record<keyof F & string, number>>;
    readonly outliers?: Partial<Record<FieldsOf<F, 'double' | 'long'>, { readonly z: number; readonly maxShare: number }>>;
    readonly distribution?: Partial<Record<keyof F & string, number>>;
  };
}

export const defineEvent = <const N extends string, const F extends Fields>(options: EventOptions<N, F>): EventType<N, F> => ({
  name: options.name,
  fields: options.fields,
  id: options.id,
  time: options.time,
  key: options.key,
  rules: { ...RULES, ...options.rules } as EventRules,
});

/** A slowly changing table keyed by one field, e.g. a catalogue: the newest row of a key counts. */
export interface TableType<N extends string = string, F extends Fields = Fields> {
  readonly name: N;
  readonly key: string;
  readonly fields: F;
}

export const defineTable = <const N extends string, const F extends Fields>(options: {
  readonly name: N;
  readonly key: FieldsOf<F, 'string'>;
  readonly fields: F;
}): TableType<N, F> => options;
