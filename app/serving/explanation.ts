import type { ReleaseManifest } from '../registry/release.ts';
import type { Kind } from '../usecases/model.ts';
import type { LoggedValue } from './prediction.ts';

/** How one answer came about, and whether the platform can make it again from what it keeps. All JSON. */
export type Explanation = Explained | Erased;

interface About {
  readonly requestId: string;
  readonly usecase: string;
  /** What the answer holds: items, or a decision. */
  readonly kind: Kind;
  readonly model: string;
  /** RFC 3339, UTC, to the microsecond. */
  readonly at: string;
  /** `none` where no release was loaded. */
  readonly unitId: string;
  readonly version: number;
}

/** The subject was erased: its features and vector are gone for ever, so the answer cannot be made again. */
export interface Erased extends About {
  readonly status: 'erased';
  /** Undefined where the audit log does not say. */
  readonly erasedOn: string | undefined;
}

export interface Explained extends About {
  readonly status: 'explained';
  readonly answer: Answered;
  /** Pseudonym of the subject; null for an unknown user or without profiling. */
  readonly subject: string | null;
  /** What the stream had applied when the answer was made: offsets below `beforeOffset` of the partition. */
  readonly position: { readonly topic: string; readonly partition: number; readonly beforeOffset: number } | null;
  /** The events behind the features, oldest first, without fields of class pii. */
  readonly events: readonly EventBehind[];
  readonly features: readonly FeatureBehind[];
  /** The vectors the unit had learnt for the subject; `found` is false for a cold start. */
  readonly embeddings: readonly {
    readonly name: string;
    readonly found: boolean;
    readonly dimensions: number;
    readonly learntAt: string | null;
  }[];
  readonly release: Pick<ReleaseManifest, 'files' | 'dataset' | 'featureViews' | 'codeCommit'> | null;
  readonly recomputed: Recomputed;
  /** Features, items and scores are all the ones that were answered. */
  readonly verified: boolean;
}

export interface Answered {
  /** Items, best first; of a classifier the one decision. */
  readonly items: readonly string[];
  readonly scores: readonly number[];
  readonly k: number;
  readonly exclude: readonly string[];
  readonly fallback: string | null;
  readonly reason: string | null;
  readonly coldStart: boolean;
  readonly confidence: number | null;
  readonly latencyMs: number;
}

export interface EventBehind {
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly time: string;
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

export interface FeatureBehind {
  readonly name: string;
  readonly served: LoggedValue;
  /** From the lake, as of the moment and the offsets of the answer. */
  readonly recomputed: LoggedValue;
  readonly equal: boolean;
}

export interface Recomputed {
  readonly items: readonly string[];
  readonly scores: readonly number[];
  readonly sameItems: boolean;
  /** Largest |served - recomputed| over the scores, relative to 1 or the score, whichever is larger. */
  readonly largestDifference: number;
  readonly equal: boolean;
}

/** Scores may differ by this much: float32 of another machine's instruction set. */
export const SCORE_TOLERANCE = 1e-6;

/** Compares a served ranking with the one made again: same items in the same order, scores within the tolerance. */
export function compareRankings(
  served: Pick<Answered, 'items' | 'scores'>,
  again: Pick<Answered, 'items' | 'scores'>,
): Recomputed {
  const sameItems =
    served.items.length === again.items.length && served.items.every((item, index) => item === again.items[index]);
  const differences = served.scores.map((score, index) => {
    const other = again.scores[index] ?? Number.POSITIVE_INFINITY;
    return Math.abs(score - other) / Math.max(1, Math.abs(score));
  });
  const largestDifference = Math.max(0, ...differences);
  const equal = sameItems && served.scores.length === again.scores.length && largestDifference <= SCORE_TOLERANCE;
  return { items: again.items, scores: again.scores, sameItems, largestDifference, equal };
}
