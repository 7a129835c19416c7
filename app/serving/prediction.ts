import type { Micros } from '../clock/port.ts';
import type { StoredRecord } from '../ingestion/event-log/port.ts';
import type { LakeRow } from '../lake/port.ts';

/** A feature value in the log: an embedding is left out, since it is the unit's and lies sealed in the lake. */
export type LoggedValue = string | number | boolean | null | readonly string[];

/**
 * One answer as the event log and the lake hold it, enough to make the same answer again. Holds a pseudonym, never a
 * person's id.
 */
export interface Prediction {
  readonly request_id: string;
  /** `none` where no release was loaded yet. */
  readonly unit_id: string;
  /** Version of the model in the registry; 0 where no release was loaded. */
  readonly version: number;
  /** Pseudonym; null for an unknown user and where no profiling was asked for. */
  readonly user_id: string | null;
  readonly at: Micros;
  /** Where the feature row stood: partition and next offset applied, of the model's first windowed view. */
  readonly feature_partition: number | null;
  readonly feature_offset: number | null;
  /** JSON object: `view.feature` → value, and what else decides the answer under `request.*` (see `RequestFacts`). */
  readonly features: string;
  /** Items, best first; of a classifier the one decision. */
  readonly items: readonly string[];
  readonly scores: readonly number[];
  readonly fallback: string | null;
  readonly confidence: number | null;
  readonly latency_ms: number;
}

/** What the request said and the server decided, in the `features` object of a prediction. */
export interface RequestFacts {
  /** Length of the list that was asked for. */
  readonly 'request.k'?: number;
  readonly 'request.exclude'?: readonly string[];
  /** Id of the event that was decided on. */
  readonly 'request.event'?: string;
  /** Why the fallback answered. */
  readonly 'request.reason'?: string;
  /** No taste was known; the recent items alone made the answer. */
  readonly 'request.cold_start'?: boolean;
  /** Table that the fallback was made from, and its lake version, where no release was loaded. */
  readonly 'request.popularity_table'?: string;
  readonly 'request.popularity_version'?: number;
}

const NUMBER_COLUMNS = ['version', 'at', 'latency_ms'] as const;
const TEXT_COLUMNS = ['request_id', 'unit_id', 'features'] as const;

/** The row of the lake's prediction table, or undefined for a record that is no prediction (the sink quarantines it). */
export function decodePrediction(record: StoredRecord): LakeRow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(record.value.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const row = value as Record<string, unknown>;
  if (TEXT_COLUMNS.some((name) => typeof row[name] !== 'string')) return undefined;
  if (NUMBER_COLUMNS.some((name) => typeof row[name] !== 'number')) return undefined;
  if (!Array.isArray(row['items']) || !Array.isArray(row['scores'])) return undefined;
  const prediction = row as unknown as Prediction;
  return {
    request_id: prediction.request_id,
    unit_id: prediction.unit_id,
    version: prediction.version,
    user_id: prediction.user_id ?? null,
    at: prediction.at,
    feature_partition: prediction.feature_partition ?? null,
    feature_offset: prediction.feature_offset ?? null,
    features: prediction.features,
    items: prediction.items,
    scores: prediction.scores,
    fallback: prediction.fallback ?? null,
    confidence: prediction.confidence ?? null,
    latency_ms: prediction.latency_ms,
    _partition: record.partition,
    _offset: record.offset,
    _ingested_at: record.appendedAtMs * 1000,
  };
}
