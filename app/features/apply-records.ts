import type { Logger } from 'pino';
import type { Micros } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { StoredRecord } from '../ingestion/event-log/port.ts';
import type { Row } from '../usecases/event.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { OnlineStore } from './online-store/port.ts';
import { decodeState, encodeState } from './row-codec.ts';
import { applyEvent, emptyState, type StreamState } from './state.ts';
import { consumerName, onlineName } from './view-hash.ts';

interface Target {
  readonly view: FeatureView;
  readonly online: OnlineStore;
  readonly logger: Logger;
  readonly erased?: () => Promise<ReadonlySet<string>>;
}

export interface Applied {
  readonly nextOffset: number;
  /** Time of the newest event among the records; -Infinity where none was one. */
  readonly newest: Micros;
}

/**
 * Applies consecutive records of one partition: reads each entity's row once, applies its events in order, writes rows
 * and the partition's next offset in one transaction. A record that is no event of the view is passed over and logged.
 */
export async function applyRecords(target: Target, partition: number, records: readonly StoredRecord[]): Promise<Applied> {
  const { view, online, logger } = target;
  const { key, time } = view.source;
  const erased = await target.erased?.();
  const rows = new Map<string, { readonly row: Row; readonly offset: number }[]>();
  for (const record of records) {
    const row = parse(record.value);
    const entity = row?.[key];
    if (row === undefined || typeof entity !== 'string' || typeof row[time] !== 'number') {
      logger.warn(
        { view: view.name, partition, offset: record.offset },
        'online features: a record that is no event is passed over',
      );
    } else if (erased?.has(entity) !== true) {
      const own = rows.get(entity) ?? [];
      own.push({ row, offset: record.offset });
      rows.set(entity, own);
    }
  }
  const entities = [...rows.keys()];
  const known = await online.getMany(onlineName(view), entities);
  let newest = Number.NEGATIVE_INFINITY;
  const written = entities.map((entity, i) => {
    const state = stateOf(view, known[i]);
    for (const { row, offset } of rows.get(entity) ?? []) {
      applyEvent(view, state, row, { partition, offset });
      newest = Math.max(newest, Number(row[time]));
    }
    return { view: onlineName(view), entity, row: encodeState(view, state) };
  });
  const nextOffset = (records.at(-1)?.offset ?? -1) + 1;
  crashPoint('features.materialize.before-write');
  await online.write({ rows: written, offsets: { consumer: consumerName(view), next: new Map([[partition, nextOffset]]) } });
  crashPoint('features.materialize.after-write');
  return { nextOffset, newest };
}

const stateOf = (view: FeatureView, row: Buffer | undefined): StreamState =>
  (row === undefined ? undefined : decodeState(view, row)) ?? emptyState(view);

function parse(value: Buffer): Row | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Row) : undefined;
  } catch {
    return undefined;
  }
}
