import type { EventType, Fields, FieldsOf, RowOf } from './event.ts';
import type { DataClass } from './field.ts';
import type { Duration } from './window.ts';

/** One aggregate over the events of an entity in `(t - over, t]`, in event time; ties are ordered by event id (code points). */
export interface Aggregate {
  readonly op: 'count' | 'sum' | 'mean' | 'min' | 'max' | 'last' | 'lastN' | 'distinct';
  readonly field: string | undefined;
  /** Only for lastN: how many, newest first. */
  readonly n: number | undefined;
  readonly where: readonly Condition[];
  readonly over: Duration;
}

/** All conditions must hold; a null value meets none but `is null`. */
export type Condition =
  | { readonly field: string; readonly test: 'in'; readonly values: readonly (string | number | boolean)[] }
  | { readonly field: string; readonly test: 'null' | 'present' }
  | { readonly field: string; readonly test: 'lt' | 'le' | 'gt' | 'ge'; readonly than: number };

/** Null where the denominator is 0 or null. */
export interface Ratio {
  readonly op: 'ratio';
  readonly of: Expression;
  readonly to: Expression;
}

export type Expression = Aggregate | Ratio;

/**
 * What a feature is: `long` and `double` are numbers, `string` text, `string[]` newest first, `float[]` an embedding.
 * count and distinct are 0, sum is 0, lastN is empty over no events; mean, min, max, last are null.
 */
export type FeatureType = 'long' | 'double' | 'timestamp' | 'boolean' | 'string' | 'string[]' | 'float[]';

export interface Feature<T extends FeatureType = FeatureType> {
  readonly type: T;
  readonly expression: Expression;
  /** What a model reads where the value is null. @default 0 */
  readonly fallback: number;
}

/** A value of the where clause: one value, several, a comparison, null or 'present'. */
type Test<V> =
  | NonNullable<V>
  | readonly NonNullable<V>[]
  | null
  | { readonly present: true }
  | (NonNullable<V> extends number ? Comparison : never);
type Comparison = { readonly lt?: number; readonly le?: number; readonly gt?: number; readonly ge?: number };
type Where<F extends Fields> = { readonly [N in keyof RowOf<F>]?: Test<RowOf<F>[N]> };
type Options<F extends Fields> = { readonly over: Duration; readonly where?: Where<F>; readonly fallback?: number };
type TypeOf<F extends Fields, N extends keyof F & string> = F[N]['type'];

const COMPARISONS = ['lt', 'le', 'gt', 'ge'] as const;

function conditions(where: Readonly<Record<string, unknown>> = {}): readonly Condition[] {
  return Object.entries(where).flatMap(([field, test]): Condition[] => {
    if (test === undefined) return [];
    if (test === null) return [{ field, test: 'null' }];
    if (Array.isArray(test)) return [{ field, test: 'in', values: test }];
    if (typeof test !== 'object') return [{ field, test: 'in', values: [test as string | number | boolean] }];
    if ('present' in test) return [{ field, test: 'present' }];
    return COMPARISONS.filter((name) => name in test).map((name) => ({
      field,
      test: name,
      than: (test as Record<string, number>)[name] ?? 0,
    }));
  });
}

/** The aggregates that an event's fields allow. A field it lacks, or of the wrong type, does not compile. */
export function over<N extends string, F extends Fields>(_event: EventType<N, F>) {
  const make = <T extends FeatureType>(
    type: T,
    op: Aggregate['op'],
    field: string | undefined,
    options: Options<F>,
    n?: number,
  ): Feature<T> => ({
    type,
    expression: { op, field, n, where: conditions(options.where), over: options.over },
    fallback: options.fallback ?? 0,
  });
  const typeOf = <K extends keyof F & string>(field: K) => _event.fields[field]?.type as TypeOf<F, K>;
  return {
    count: (options: Options<F>) => make('long', 'count', undefined, options),
    distinct: (field: keyof F & string, options: Options<F>) => make('long', 'distinct', field, options),
    sum: <K extends FieldsOf<F, 'double' | 'long'>>(field: K, options: Options<F>) =>
      make(typeOf(field) as TypeOf<F, K> & ('double' | 'long'), 'sum', field, options),
    mean: (field: FieldsOf<F, 'double' | 'long'>, options: Options<F>) => make('double', 'mean', field, options),
    min: <K extends FieldsOf<F, 'double' | 'long' | 'timestamp'>>(field: K, options: Options<F>) =>
      make(typeOf(field), 'min', field, options),
    max: <K extends FieldsOf<F, 'double' | 'long' | 'timestamp'>>(field: K, options: Options<F>) =>
      make(typeOf(field), 'max', field, options),
    last: <K extends keyof F & string>(field: K, options: Options<F>) => make(typeOf(field), 'last', field, options),
    lastN: (field: FieldsOf<F, 'string'>, n: number, options: Options<F>) => make('string[]', 'lastN', field, options, n),
  };
}

export const ratio = (
  of: Feature<'long' | 'double'>,
  to: Feature<'long' | 'double'>,
  options: { readonly fallback?: number } = {},
): Feature<'double'> => ({
  type: 'double',
  expression: { op: 'ratio', of: of.expression, to: to.expression },
  fallback: options.fallback ?? 0,
});

export interface Entity<N extends string = string> {
  readonly name: N;
  /** The event field that names the entity. */
  readonly joinKey: string;
}

export const defineEntity = <const N extends string>(options: { readonly name: N; readonly joinKey: string }): Entity<N> =>
  options;

/** Windowed features of one entity over one event: the stream keeps its state, the lake re-computes it for any moment. */
export interface FeatureView<
  N extends string = string,
  F extends Readonly<Record<string, Feature>> = Readonly<Record<string, Feature>>,
> {
  readonly kind: 'windowed';
  readonly name: N;
  readonly entity: Entity;
  readonly source: EventType;
  readonly owner: string;
  readonly features: F;
}

export const defineFeatureView = <const N extends string, const F extends Readonly<Record<string, Feature>>>(options: {
  readonly name: N;
  readonly entity: Entity;
  readonly source: EventType;
  readonly owner: string;
  readonly features: F;
}): FeatureView<N, F> => ({ kind: 'windowed', ...options });

/** A vector per entity, learnt by the trainer; belongs to the release unit that made it. */
export interface EmbeddingView<N extends string = string, F extends string = string> {
  readonly kind: 'embedding';
  readonly name: N;
  readonly entity: Entity;
  readonly owner: string;
  readonly feature: F;
  readonly dimensions: number;
  readonly class: DataClass;
  /** Entities with fewer events than this get no vector. */
  readonly minSupport: number;
}

export const defineEmbeddingView = <const N extends string, const F extends string>(
  options: Omit<EmbeddingView<N, F>, 'kind'>,
): EmbeddingView<N, F> => ({ kind: 'embedding', ...options });

export type AnyView = FeatureView | EmbeddingView;

/** `view.feature` for every feature the views provide. */
export type InputOf<V extends readonly AnyView[]> = V[number] extends infer View
  ? View extends FeatureView<infer N, infer F>
    ? `${N}.${keyof F & string}`
    : View extends EmbeddingView<infer N, infer E>
      ? `${N}.${E}`
      : never
  : never;
