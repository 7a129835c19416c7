import { checkUseCase } from './check.ts';
import type { EventType, TableType } from './event.ts';
import type { AnyView, InputOf } from './feature.ts';
import type { CostOf, EventInputOf, ItemLabel, Kind, Label, MetricOf, Model, OutcomeLabel, Trainer } from './model.ts';
import type { Simulation } from './simulation.ts';
import type { Duration } from './window.ts';

/** Evidence a model must bring before it may serve. */
interface GateBase<Metric extends string> {
  /** Least value of a metric, on the newest fold of the pinned snapshot. */
  readonly floors: Readonly<Partial<Record<Metric, number>>>;
  /** Lower end of the bootstrap interval of (candidate - champion) may not be below -tolerance. */
  readonly notWorse: { readonly metric: Metric; readonly tolerance: number; readonly confidence: number };
  /** Least value of the objective per segment. */
  readonly segmentFloors: Readonly<Record<string, number>>;
  /** p99 of one scoring, milliseconds, measured by the gate. */
  readonly latencyBudgetMs: number;
  /** Approver must differ from the author; `local` lets the laptop's own key sign. */
  readonly approval: 'other-person' | 'local';
}

/** How much of a model may be copied by asking it. */
type Extraction = {
  /** Answers that one client is counted on to gather. */
  readonly queries: number;
  /** Share, 0 to 1, of what the model knows beyond the obvious that a copy made of them may foresee. */
  readonly maxCopied: number;
};

export interface RecommenderGate<Metric extends string = string> extends GateBase<Metric> {
  /** Must beat the popularity baseline on this metric. */
  readonly beatsPopularity: Metric | undefined;
  /** `users` forged accounts pushing one item may raise its share of top-k lists at most `maxLift` times. */
  readonly adversarial: { readonly forgedShare: number; readonly campaigns: number; readonly maxLift: number } & Extraction;
}

export interface ClassifierGate<Metric extends string = string, Cost extends string = string, Chosen extends string = string>
  extends GateBase<Metric> {
  /** Greatest value of a metric of which less is better. */
  readonly ceilings: Readonly<Partial<Record<Cost, number>>>;
  /** Must beat the best rule over one input on this metric. */
  readonly beatsRule: Metric | undefined;
  readonly adversarial: {
    /** Share of the events of the class whose label an attacker turns before training. */
    readonly flippedShare: number;
    /** The objective may fall by this much through the flipped labels. */
    readonly maxLoss: number;
    /** Fields of the event, as `event.field`, that whoever sends it chooses; what the edge observes is none of them. */
    readonly chosen: readonly Chosen[];
    /** Share of the caught events that may slip through once they look, in these fields, like harmless ones. */
    readonly maxEvasion: number;
  } & Extraction;
}

interface ServingBase {
  readonly slo: { readonly p99Ms: number; readonly availability: number };
  /** Answer must come within this time, else the fallback does. */
  readonly storeTimeoutMs: number;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  /** What counts most in an answer, in words for the person it is about (of a ranking: DSA Art. 27). */
  readonly mainParameters: readonly string[];
}

export interface RecommenderServing extends ServingBase {
  readonly k: { readonly default: number; readonly max: number };
  /** What a user without features, or a failed store, gets. */
  readonly fallback: 'popular';
}

export interface ClassifierServing extends ServingBase {
  /** Decision by the least probability of the class looked for; the least of all is 0. */
  readonly decisions: Readonly<Record<string, number>>;
  /** The decision where the model cannot be asked. */
  readonly fallback: string;
  /** Decimals of the probability in a public answer: the fewer, the less an answer tells about the model. */
  readonly probabilityDigits: number;
}

/** The decisions of a classifier. A fallback that is none of them does not compile. */
export const decide = <const D extends Readonly<Record<string, number>>>(
  decisions: D,
  options: { readonly fallback: keyof D & string; readonly probabilityDigits: number },
): Pick<ClassifierServing, 'decisions' | 'fallback' | 'probabilityDigits'> => ({ decisions, ...options });

export interface DriftMonitor<Input extends string = string> {
  readonly feature: Input | 'prediction.confidence';
  readonly test: 'psi' | 'ks' | 'js';
  readonly threshold: number;
}

export interface Monitors<Input extends string = string> {
  /** Number of predictions in one drift window. */
  readonly window: number;
  readonly drift: readonly DriftMonitor<Input>[];
  /** A feature row older than this counts as stale. */
  readonly featureFreshness: Duration;
  readonly retrain: { readonly schedule: string; readonly coolDown: Duration; readonly consecutiveWindows: number };
}

/**
 * Tables of a Postgres, followed change by change into the log (`constructs/ingestion/change-capture.ts`). It needs a cluster:
 * a laptop's loop leaves it out and says so. Where the database stands is a dial of each environment.
 */
export interface DatabaseSource {
  readonly kind: 'database';
  readonly engine: 'postgres';
  /** Unique within the use case. */
  readonly name: string;
  /** `schema.table` there, and the table of the definition that its rows are of. */
  readonly tables: readonly { readonly from: string; readonly into: string }[];
}

/** Where rows come from; each but a database is read by the adapter of its kind in `app/ingestion/`. */
export type Source =
  | DatabaseSource
  | { readonly kind: 'stream'; readonly into: string; readonly partitions: number }
  | { readonly kind: 'upload'; readonly into: string; readonly formats: readonly ('csv' | 'jsonl' | 'parquet')[] }
  | { readonly kind: 'api'; readonly into: string; readonly path: string; readonly perSecond: number };

/** One stream a name, by events' names, four partitions each. */
export const streams = (...events: readonly string[]): readonly Source[] =>
  events.map((into) => ({ kind: 'stream', into, partitions: 4 }));

interface UseCaseOf<K extends Kind, L extends Label, G, S> {
  /** The trainer's. */
  readonly kind: K;
  readonly name: string;
  readonly owner: string;
  /** What it is for, in one sentence; opens the model card. */
  readonly purpose: string;
  readonly events: readonly EventType[];
  readonly tables: readonly TableType[];
  readonly sources: readonly Source[];
  readonly views: readonly AnyView[];
  readonly model: Model<string, Trainer<string, string, string, K>, L>;
  readonly gate: G;
  readonly serving: S;
  readonly monitors: Monitors;
  /** Raw events older than this leave log and lake. */
  readonly retention: Duration;
  /** The made-up world that `npm start` runs on. @default one made from the events' fields alone */
  readonly simulation?: Simulation;
}

export type RecommenderUseCase = UseCaseOf<'recommender', ItemLabel, RecommenderGate, RecommenderServing>;
export type ClassifierUseCase = UseCaseOf<'classifier', OutcomeLabel, ClassifierGate, ClassifierServing>;
export type UseCase = RecommenderUseCase | ClassifierUseCase;

type LabelOf<T extends Trainer> = T['kind'] extends 'classifier' ? OutcomeLabel : ItemLabel;
type GateOf<T extends Trainer, L> = T['kind'] extends 'classifier'
  ? ClassifierGate<MetricOf<T>, CostOf<T>, EventInputOf<L>>
  : RecommenderGate<MetricOf<T>>;
type ServingOf<T extends Trainer> = T['kind'] extends 'classifier' ? ClassifierServing : RecommenderServing;
type Shared = Omit<RecommenderUseCase, 'kind' | 'views' | 'model' | 'gate' | 'serving' | 'monitors'>;

/**
 * One use case as one frozen value, of its trainer's kind. Does not compile where a model reads an input no view
 * provides, a gate judges a metric the trainer does not report, or a monitor watches a feature that is not there.
 * @throws MR_USECASE_NAME, MR_USECASE_SOURCE
 */
export function defineUseCase<const V extends readonly AnyView[], const T extends Trainer, L extends LabelOf<T>>(
  definition: Shared & {
    readonly views: V;
    readonly model: Omit<Model<InputOf<V> | EventInputOf<NoInfer<L>>, T>, 'trainer' | 'label'> & {
      readonly trainer: T;
      readonly label: L;
    };
    readonly gate: GateOf<NoInfer<T>, NoInfer<L>>;
    readonly serving: ServingOf<NoInfer<T>>;
    readonly monitors: Monitors<InputOf<V> | EventInputOf<NoInfer<L>>>;
  },
): Extract<UseCase, { readonly kind: T['kind'] }> {
  checkUseCase(definition);
  return Object.freeze({ kind: definition.model.trainer.kind, ...definition }) as unknown as Extract<
    UseCase,
    { readonly kind: T['kind'] }
  >;
}
