import type { EventType, Fields, FieldsOf, RowOf } from './event.ts';
import type { Duration } from './window.ts';

/** What a model answers with: items in order, or a decision about one event. Everything after the trainer asks the kind. */
export type Kind = 'recommender' | 'classifier';

/** What a trainer reports and searches over; its code is in `app/training/`, found by `kind` and `name`. */
export interface Trainer<
  Name extends string = string,
  Metric extends string = string,
  Cost extends string = string,
  K extends Kind = Kind,
> {
  readonly name: Name;
  readonly kind: K;
  /** Metrics of which more is better. */
  readonly metrics: readonly Metric[];
  /** Metrics of which less is better. */
  readonly costs: readonly Cost[];
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
}): Trainer<'als', (typeof RANKING)[number], never, 'recommender'> => ({
  name: 'als',
  kind: 'recommender',
  metrics: RANKING,
  costs: [],
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

const CLASSIFYING = ['auc', 'prAuc'] as const;
const CALIBRATION = ['ece', 'brier'] as const;

type Classifying<Name extends string> = Trainer<Name, (typeof CLASSIFYING)[number], (typeof CALIBRATION)[number], 'classifier'>;

const classifying = <const Name extends string>(name: Name, search: SearchSpace): Classifying<Name> => ({
  name,
  kind: 'classifier',
  metrics: CLASSIFYING,
  costs: CALIBRATION,
  search,
});

/** Logistic regression with a ridge penalty, by Newton's method. */
export const logistic = (search: {
  readonly ridge: readonly number[];
  readonly maxTrials: number;
  readonly patience?: number;
}): Classifying<'logistic'> =>
  classifying('logistic', { parameters: { ridge: search.ridge }, maxTrials: search.maxTrials, patience: search.patience ?? 2 });

/** Gradient-boosted oblivious trees (Friedman 2001; Prokhorenkova et al. 2018): one split a level, so a leaf is a table look-up. */
export const boostedTrees = (search: {
  readonly trees: readonly number[];
  readonly depth: readonly number[];
  readonly learningRate: readonly number[];
  readonly ridge?: readonly number[];
  readonly maxTrials: number;
  readonly patience?: number;
}): Classifying<'boosted-trees'> =>
  classifying('boosted-trees', {
    parameters: {
      trees: search.trees,
      depth: search.depth,
      learningRate: search.learningRate,
      ridge: search.ridge ?? [5],
    },
    maxTrials: search.maxTrials,
    patience: search.patience ?? 2,
  });

/** What a visitor turned to after a list of items. */
export interface ItemLabel<E extends EventType = EventType> {
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
}): ItemLabel => label as unknown as ItemLabel;

/** What became of an event, as a later event tells. */
export interface OutcomeLabel<N extends string = string, F extends Fields = Fields> {
  /** What is classified, at its own time: its subject, its fields, and what was known just before it. */
  readonly event: EventType<N, F>;
  /** The event that tells, later. */
  readonly outcome: EventType;
  /** Field of `outcome` with the id of the event. */
  readonly of: string;
  /** Field of `outcome` that decides. */
  readonly by: string;
  /** Its values that make the event one of the class looked for. */
  readonly positive: readonly string[];
  /** An event without such an outcome after this time is none of the class. */
  readonly maturity: Duration;
}

export const defineOutcomeLabel = <
  N extends string,
  F extends Fields,
  M extends string,
  G extends Fields,
  K extends FieldsOf<G, 'string'>,
>(label: {
  readonly event: EventType<N, F>;
  readonly outcome: EventType<M, G>;
  readonly of: FieldsOf<G, 'string'>;
  readonly by: K;
  readonly positive: readonly (RowOf<G>[K] & string)[];
  readonly maturity: Duration;
}): OutcomeLabel<N, F> => label as unknown as OutcomeLabel<N, F>;

export type Label = ItemLabel | OutcomeLabel;

/** `event.field` for the fields of the classified event that a model can read: numbers, flags and finite sets. */
export type EventInputOf<L> =
  L extends OutcomeLabel<infer N, infer F> ? `${N}.${FieldsOf<F, 'double' | 'long' | 'boolean'> | SetsOf<F>}` : never;

type SetsOf<F extends Fields> = {
  [N in FieldsOf<F, 'string'>]: string extends NonNullable<RowOf<F>[N]> ? never : N;
}[FieldsOf<F, 'string'>];

export interface Folds {
  /** Rolling origin: fold i trains on all before its origin and is judged on the `horizon` after it. */
  readonly count: number;
  readonly horizon: Duration;
}

export interface Model<Input extends string = string, T extends Trainer = Trainer, L extends Label = Label> {
  readonly name: string;
  readonly trainer: T;
  /** `view.feature`, and of a classifier `event.field`, in the order the model reads them. */
  readonly inputs: readonly Input[];
  readonly label: L;
  readonly folds: Folds;
  /** Metric that the search maximises. */
  readonly objective: MetricOf<T>;
  /** Segments by number of the subject's past events: lower bounds, ascending, the first is 0. */
  readonly segments: Readonly<Record<string, number>>;
  /** Rows of the newest label moments that make the reference profile of each input. */
  readonly profileRows: number;
  readonly seed: number;
}

export type MetricOf<T extends Trainer> = T['metrics'][number];
export type CostOf<T extends Trainer> = T['costs'][number];
