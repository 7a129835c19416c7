import type { Logger } from 'pino';
import { crashPoint } from '../crash-point.ts';
import { MillraceError } from '../errors.ts';
import { eventTopic } from '../ingestion/topics.ts';
import type { Lake, LakeChunk, LakeSnapshot } from '../lake/port.ts';
import type { Row } from '../usecases/event.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { bucketSql } from './bucket-sql.ts';
import type { OnlineStore } from './online-store/port.ts';
import { encodeState } from './row-codec.ts';
import { applyEvent, emptyState, type StreamState } from './state.ts';
import { consumerName, onlineName } from './view-hash.ts';

export interface BackfillOptions {
  readonly usecase: UseCase;
  readonly view: FeatureView;
  readonly lake: Lake;
  readonly online: OnlineStore;
  readonly logger: Logger;
  readonly onProgress?: (progress: BackfillProgress) => void;
  /** Entities to leave out. @default none */
  readonly erased?: () => Promise<ReadonlySet<string>>;
  /** Rows that one bucket should hold, which bounds memory. @default 200_000 */
  readonly bucketRows?: number;
}

export interface BackfillProgress {
  readonly bucket: number;
  readonly buckets: number;
  readonly rows: number;
  readonly entities: number;
}

export interface Backfill {
  /** The lake version it was made from; undefined where the view was filled already and nothing was done. */
  readonly version: number | undefined;
  readonly rows: number;
  readonly entities: number;
}

const BUCKET_ROWS = 200_000;
const WRITE_ROWS = 1000;
/** Where the notes of an unfinished backfill keep its version (plus 1), its number of buckets, and each finished bucket. */
const VERSION = 0;
const BUCKETS = 1;
const FIRST_BUCKET = 2;

/** Beside a view's offsets, where no partition is: 1 once they are the stream's, and no fill may write rows any more. */
export const STREAMED = 1_000_000;

/**
 * First fill of a view's online rows from the lake at one pinned version; the stream then goes on at the offsets that
 * version holds. Entities are taken bucket by bucket of their hash, so memory is bounded by a bucket; a fill that died goes on
 * at its first unfinished bucket. Does nothing where the view has offsets already. Several may fill a view at once: they
 * write the same rows of the same version, and whoever is not done when the stream begins is refused and stops.
 */
export async function backfill(options: BackfillOptions): Promise<Backfill> {
  for (;;) {
    try {
      return await fill(options);
    } catch (error) {
      // Another has begun a fill, or ended it: what there is to do now is to be looked at again.
      if (!(error instanceof MillraceError && error.code === 'MR_FEATURES_OFFSETS_MOVED')) throw error;
    }
  }
}

async function fill(options: BackfillOptions): Promise<Backfill> {
  const { usecase, view, lake, online, logger } = options;
  const nothing: Backfill = { version: undefined, rows: 0, entities: 0 };
  const table = `${usecase.name}.${view.source.name}`;
  const consumer = consumerName(view);
  if ([...(await online.offsets(consumer))].some(([partition, next]) => partition !== STREAMED || next === 1)) return nothing;
  if (!(await lake.has(table))) return nothing;
  const { snapshot, buckets, finished } = await resume(options, table);
  const next = offsetsOf(eventTopic(usecase, view.source.name), snapshot);
  const quarantined = await lake.has(`${table}_quarantine`);
  let rows = 0;
  let entities = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    if (finished.has(bucket)) continue;
    const sql = bucketSql(usecase, view, { buckets, next, quarantined });
    const chunks = lake.stream(sql, { at: { [table]: snapshot.version }, params: { bucket } });
    const done = await fillBucket(options, chunks);
    crashPoint('features.backfill.before-bucket');
    await online.write({ rows: [], offsets: { consumer: notes(view), next: new Map([[FIRST_BUCKET + bucket, 1]]) } });
    rows += done.rows;
    entities += done.entities;
    options.onProgress?.({ bucket: bucket + 1, buckets, rows, entities });
  }
  await online.write({ rows: [], offsets: { consumer, next: new Map([...next, [STREAMED, 1]]) } });
  logger.info({ view: view.name, version: snapshot.version, rows, entities }, 'online features: filled from the lake');
  return { version: snapshot.version, rows, entities };
}

const notes = (view: FeatureView): string => `${consumerName(view)}/backfill`;

/** The version and buckets of the fill that died, or of a new one; a version that was vacuumed away means a new one. */
async function resume({ view, lake, online, bucketRows = BUCKET_ROWS }: BackfillOptions, table: string) {
  const noted = await online.offsets(notes(view));
  const version = (noted.get(VERSION) ?? 0) - 1;
  const pinned = version < 0 ? undefined : await lake.snapshot(table, version).catch(() => undefined);
  if (pinned !== undefined) {
    const buckets = noted.get(BUCKETS) ?? 1;
    const finished = new Set(Array.from({ length: buckets }, (_, i) => i).filter((i) => noted.get(FIRST_BUCKET + i) === 1));
    return { snapshot: pinned, buckets, finished };
  }
  const snapshot = await lake.snapshot(table);
  const buckets = Math.max(1, Math.ceil(snapshot.rows / bucketRows));
  const cleared = [...noted.keys()].filter((note) => note >= FIRST_BUCKET).map((note): [number, number] => [note, 0]);
  await online.write({
    rows: [],
    offsets: { consumer: notes(view), next: new Map([[VERSION, snapshot.version + 1], [BUCKETS, buckets], ...cleared]) },
  });
  return { snapshot, buckets, finished: new Set<number>() };
}

/** Next offset per partition, out of the sink's transaction ids `<topic>-<partition>`. */
function offsetsOf(topic: string, snapshot: LakeSnapshot): ReadonlyMap<number, number> {
  const own = [...snapshot.txn].flatMap(([appId, version]): [number, number][] => {
    const partition = appId.startsWith(`${topic}-`) ? appId.slice(topic.length + 1) : '';
    return /^\d+$/.test(partition) ? [[Number(partition), version]] : [];
  });
  return new Map(own);
}

/** Rows come ordered by entity and offset: one state at a time is open. */
async function fillBucket({ view, online, erased }: BackfillOptions, chunks: AsyncIterable<LakeChunk>) {
  const gone = await erased?.();
  const done = { rows: 0, entities: 0 };
  const offsets = { consumer: consumerName(view), next: new Map([[STREAMED, 0]]) };
  let batch: { view: string; entity: string; row: Buffer }[] = [];
  let open: { readonly entity: string; readonly state: StreamState } | undefined;
  const finish = (): void => {
    if (open === undefined || gone?.has(open.entity) === true) return;
    batch.push({ view: onlineName(view), entity: open.entity, row: encodeState(view, open.state) });
    done.entities++;
  };
  for await (const { rows, columns } of chunks) {
    for (let i = 0; i < rows; i++) {
      const row = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])) as Row;
      const entity = String(row[view.source.key]);
      if (entity !== open?.entity) {
        finish();
        open = { entity, state: emptyState(view) };
      }
      applyEvent(view, open.state, row, { partition: Number(row._partition), offset: Number(row._offset) });
    }
    done.rows += rows;
    if (batch.length < WRITE_ROWS) continue;
    await online.write({ rows: batch, offsets });
    batch = [];
  }
  finish();
  await online.write({ rows: batch, offsets });
  return done;
}
