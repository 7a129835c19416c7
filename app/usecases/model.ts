import type { EventType, Fields, RowOf } from './event.ts';
import type { Duration } from './window.ts';

/** What a trainer reports and searches over; its code is in `app/training/`, found by `name`. */
export interface Trainer<Name extends string = string, Metric extends string = string> {
  readonly name: Name;
  readonly kind: 'recommender' | 'classifier';
  readonly metrics: readonly Metric[];
  readonly search: SearchSpace;
  /** The trainer asks for one accelerator. @default it runs on processors */
  readonly accelerator?: 'gpu';
}

export interface SearchSpace {
  /** Candidate values by hyper-parameter; a trial takes one of each. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly maxTrials: number;
  /** A trial stops when this many folds or epochs in a row bring no gain. */
  readonly patience: number;
}

const RANKING = ['recallAt20', 'ndcgAt20', 'coverage'] as const;

/** Implicit matrix factorisation by alternating least squares (Hu, Koren, Volinsky 2008; Rendle et al. 2022). */
export const als = (search: {
  readonly factors: readonly number[];
  readonly regularization: readonly number[];
  readonly alpha: readonly number[];
  readonly iterations?: readonly number[];
  readonly popularityBlend?: readonly number[];
  readonly maxTrials: number;
  readonly patience?: number;
}): Trainer<'als', (typeof RANKING)[number]> => ({
  name: 'als',
  kind: 'recommender',
  metrics: RANKING,
  search: {
    parameters: {
      factors: search.factors,
      regularization: search.regularization,
      alpha: search.alpha,
      iterations: search.iterations ?? [8],
      popularityBlend: search.popularityBlend ?? [0],
    },
    maxTrials: search.maxTrials,
    patience: search.patience ?? 2,
  },
});

export interface Label<E extends EventType = EventType> {
  readonly event: E;
  /** Item field of the event. */
  readonly item: string;
  /** Field whose value weighs an interaction, and the weight of each value. */
  readonly weightBy: string;
  readonly weights: Readonly<Record<string, number>>;
  /** Values of `weightBy` that count as a hit when they follow a recommendation. */
  readonly hits: readonly string[];
  /** How long after a recommendation its label is final. */
  readonly maturity: Duration;
}

export const defineLabel = <N extends string, F extends Fields, K extends keyof F & string>(label: {
  readonly event: EventType<N, F>;
  readonly item: keyof F & string;
  readonly weightBy: K;
  readonly weights: { readonly [V in RowOf<F>[K] & string]: number };
  readonly hits: readonly (RowOf<F>[K] & string)[];
  readonly maturity: Duration;
}): Label => label as unknown as Label;

export interface Folds {
  /** Rolling origin: fold i trains on all before its origin and is judged on the `horizon` after it. */
  readonly count: number;
  readonly horizon: Duration;
}

export interface Model<Input extends string = string, T extends Trainer = Trainer> {
  readonly name: string;
  readonly trainer: T;
  /** `view.feature` in the order the model reads them. */
  readonly inputs: readonly Input[];
  readonly label: Label;
  readonly folds: Folds;
  /** Metric that the search maximises. */
  readonly objective: MetricOf<T>;
  /** Segments by number of past interactions: lower bounds, ascending, the first is 0. */
  readonly segments: Readonly<Record<string, number>>;
  /** Rows of the newest label moments that make the reference profile of each input. */
  readonly profileRows: number;
  readonly seed: number;
}

export type MetricOf<T extends Trainer> = T extends Trainer<string, infer M> ? M : never;
