import type { EventType, TableType } from './event.ts';
import type { AnyView, InputOf } from './feature.ts';
import type { MetricOf, Model, Trainer } from './model.ts';
import type { Duration } from './window.ts';

/** Evidence a model must bring before it may serve. */
export interface Gate<Metric extends string = string> {
  /** Least value of a metric, on the newest fold of the pinned snapshot. */
  readonly floors: Readonly<Partial<Record<Metric, number>>>;
  /** Lower end of the bootstrap interval of (candidate - champion) may not be below -tolerance. */
  readonly notWorse: { readonly metric: Metric; readonly tolerance: number; readonly confidence: number };
  /** Must beat the popularity baseline on this metric. */
  readonly beatsPopularity: Metric | undefined;
  /** Least value of the objective per segment. */
  readonly segmentFloors: Readonly<Record<string, number>>;
  /** p99 of one scoring, milliseconds, measured by the gate. */
  readonly latencyBudgetMs: number;
  /** `users` forged accounts pushing one item may raise its share of top-k lists at most `maxLift` times. */
  readonly adversarial: { readonly forgedShare: number; readonly campaigns: number; readonly maxLift: number };
  /** Approver must differ from the author; `local` lets the laptop's own key sign. */
  readonly approval: 'other-person' | 'local';
}

export interface Serving {
  readonly k: { readonly default: number; readonly max: number };
  readonly slo: { readonly p99Ms: number; readonly availability: number };
  /** What a user without features, or a failed store, gets. */
  readonly fallback: 'popular';
  /** Answer must come within this time, else the fallback does. */
  readonly storeTimeoutMs: number;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  /** Main parameters of the ranking, in words for the person who sees it (DSA Art. 27). */
  readonly mainParameters: readonly string[];
}

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

/** Where rows come from; each is read by the adapter of its kind in `app/ingestion/`. */
export type Source =
  | { readonly kind: 'stream'; readonly into: string; readonly partitions: number }
  | { readonly kind: 'upload'; readonly into: string; readonly formats: readonly ('csv' | 'jsonl' | 'parquet')[] }
  | { readonly kind: 'api'; readonly into: string; readonly path: string; readonly perSecond: number };

export interface UseCase {
  readonly name: string;
  readonly owner: string;
  /** What it is for, in one sentence; opens the model card. */
  readonly purpose: string;
  readonly events: readonly EventType[];
  readonly tables: readonly TableType[];
  readonly sources: readonly Source[];
  readonly views: readonly AnyView[];
  readonly model: Model;
  readonly gate: Gate;
  readonly serving: Serving;
  readonly monitors: Monitors;
  /** Raw events older than this leave log and lake. */
  readonly retention: Duration;
}

/**
 * One use case as one frozen value. Does not compile where a model reads an input no view provides, a gate judges a
 * metric the trainer does not report, or a monitor watches a feature that is not there.
 */
export function defineUseCase<const V extends readonly AnyView[], const T extends Trainer>(
  definition: Omit<UseCase, 'views' | 'model' | 'gate' | 'monitors'> & {
    readonly views: V;
    readonly model: Omit<Model<InputOf<V>, T>, 'trainer'> & { readonly trainer: T };
    readonly gate: Gate<MetricOf<NoInfer<T>>>;
    readonly monitors: Monitors<InputOf<V>>;
  },
): UseCase {
  return Object.freeze(definition) as UseCase;
}
