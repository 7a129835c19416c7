import type { Micros } from '../clock/port.ts';
import type { Lake, LakeRow, LakeValue } from '../lake/port.ts';
import type { FeatureType, FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { historicalSql, type SqlOptions } from './sql.ts';
import type { FeatureValue, FeatureValues } from './value.ts';

/** One moment of one entity. */
export interface SpineRow {
  readonly entity: string;
  /** Events up to and including this moment count. For a value known before a label: the label's time - 1. */
  readonly at: Micros;
  /** Only events at lower log offsets count: what a stream that had applied this much could know. */
  readonly beforeOffset?: number | undefined;
  /** Only events of this partition count. */
  readonly partition?: number | undefined;
}

export interface HistoricalRequest extends SqlOptions {
  readonly usecase: Pick<UseCase, 'name'>;
  readonly view: FeatureView;
  readonly spine: readonly SpineRow[];
  /** Version of the event's table; newest where left out. */
  readonly version?: number;
  /** Spine rows per query, which bounds memory. @default 5000 */
  readonly chunk?: number;
}

const CHUNK = 5000;

/** The view's values as of each spine row, in the spine's order, from the lake at one version. */
export async function historicalFeatures(lake: Lake, request: HistoricalRequest): Promise<readonly FeatureValues[]> {
  const { usecase, view, spine, version } = request;
  const { tables, text } = historicalSql(usecase, view, request);
  const at = version === undefined ? {} : { at: { [tables[0] ?? '']: version } };
  const size = request.chunk ?? CHUNK;
  const features = Object.entries(view.features).map(([name, { type }]) => ({ name, type }));
  const values: FeatureValues[] = [];
  for (let start = 0; start < spine.length; start += size) {
    const chunk = spine.slice(start, start + size);
    const rows = await lake.query(text, { ...at, params: { spine: spineJson(chunk) } });
    for (const row of rows) values.push(valuesOf(features, row));
  }
  return values;
}

const spineJson = (spine: readonly SpineRow[]): string =>
  JSON.stringify(
    spine.map(({ entity, at, partition, beforeOffset }, n) => ({
      n,
      e: entity,
      t: at,
      p: partition ?? null,
      o: beforeOffset ?? null,
    })),
  );

const valuesOf = (features: readonly { readonly name: string; readonly type: FeatureType }[], row: LakeRow): FeatureValues =>
  Object.fromEntries(features.map(({ name, type }) => [name, fromLake(type, row[name] ?? null)]));

function fromLake(type: FeatureType, value: LakeValue): FeatureValue {
  if (value === null) return null;
  if (type === 'string[]') return value as readonly string[];
  if (type === 'string' || type === 'boolean') return value as string | boolean;
  // Adding 0 makes -0 plain: JSON, and so the log, cannot hold it.
  return Number(value) + 0;
}
