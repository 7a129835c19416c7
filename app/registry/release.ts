import type { Micros } from '../clock/port.ts';

/**
 * The release unit: model, feature-view versions, schema and thresholds that move together. Its id is the SHA-256 of
 * the manifest's canonical JSON, and the manifest names every file by digest, so the id covers every byte served.
 */
export interface ReleaseManifest {
  readonly usecase: string;
  readonly model: string;
  readonly trainer: string;
  readonly createdAt: Micros;
  /** Under `releases/<model>/<contents>/` of the object store. */
  readonly prefix: string;
  readonly files: Readonly<Record<ReleaseFile, FileDigest>>;
  readonly inputs: readonly string[];
  /** Definition hash of each feature view. */
  readonly featureViews: Readonly<Record<string, string>>;
  readonly schemaHash: string;
  readonly dataset: DatasetPin;
  readonly parameters: Readonly<Record<string, number>>;
  readonly search: { readonly trials: number; readonly folds: number };
  readonly seed: number;
  readonly codeCommit: string;
  readonly metrics: Evaluation;
  /** The baseline on the same fold. */
  readonly baseline: Evaluation;
  readonly thresholds: Readonly<Record<string, number>>;
}

export type ReleaseFile = 'model.onnx' | 'model.json' | 'profile.json' | 'card.md';

export interface FileDigest {
  readonly sha256: string;
  readonly bytes: number;
}

export interface DatasetPin {
  readonly tables: Readonly<Record<string, number>>;
  readonly queryHash: string;
  readonly until: Micros;
  readonly rows: number;
  /** Why an older snapshot than the newest was used, if one was. */
  readonly note: string | undefined;
}

/** Metric value with its 95 % bootstrap interval, over all and by segment. */
export interface Evaluation {
  readonly users: number;
  readonly metrics: Readonly<Record<string, Interval>>;
  readonly segments: Readonly<Record<string, { readonly users: number; readonly metrics: Readonly<Record<string, Interval>> }>>;
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Under which name the release's learnt vectors lie in the embedding tables: the hash of its contents, known before it is registered. */
export const embeddingUnit = ({ prefix }: Pick<ReleaseManifest, 'prefix'>): string =>
  prefix.replace(/\/+$/, '').split('/').at(-1) ?? prefix;
