import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { EventLog, StoredRecord } from '../ingestion/event-log/port.ts';
import type { Lake, LakeChange, LakeRow, LakeSnapshot, TableSpec } from './port.ts';
import { type Batch, readBatch } from './sink-batch.ts';
import { pause, Waiters } from './sink-wait.ts';

export interface LakeSinkOptions {
  readonly log: EventLog;
  readonly lake: Lake;
  readonly topic: string;
  readonly table: TableSpec;
  /** A record as a row of the table; undefined leaves the record out, its offset is still passed. */
  readonly decode: (record: StoredRecord) => LakeRow | undefined;
  /** Judges a batch before it is published. @default every batch passes */
  readonly audit?: ((rows: readonly LakeRow[]) => { readonly passed: boolean; readonly reason?: string | undefined }) | undefined;
  /** Where a batch that failed goes, with the reason in its column `_reason` if it has one. Without it such rows are dropped and logged. */
  readonly quarantine?: TableSpec | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most rows of one commit. @default 20_000 */
  readonly maxRows?: number;
  /** Longest time a row waits for others, milliseconds. @default 500 */
  readonly maxWaitMs?: number;
  /** Files after which the table is compacted. @default 64 */
  readonly compactAfterFiles?: number;
}

export interface LakeSink {
  /** Resolves once every record that the topic holds now is committed. Rejects when commits keep failing. */
  caughtUp(): Promise<void>;
  /** Records of the topic that are not committed yet. */
  lag(): Promise<number>;
  /** Next offset of each partition that is not committed yet. */
  positions(): readonly number[];
  close(): Promise<void>;
}

/** Failures in a row after which those who wait are told; the sink goes on trying. */
const TELL_AFTER = 4;

const LONGEST_PAUSE_MS = 5_000;

/**
 * Moves a topic into a lake table, exactly once: rows and the next offset of each partition land in one Delta commit
 * (`txn` with the application id `<topic>-<partition>`), and a start reads on from the offsets the table holds. Another
 * sink of the same topic costs only work: a commit that does not continue from the table's offsets is not made.
 *
 * A batch that fails its audit is committed to the quarantine table with the same offsets, and then passed over in the
 * main one. A crash between the two is seen at the next start: the quarantine is ahead, so the main table passes over.
 */
export async function startLakeSink(options: LakeSinkOptions): Promise<LakeSink> {
  const { log, lake, topic, table, quarantine, logger } = options;
  const { maxRows = 20_000, maxWaitMs = 500, compactAfterFiles = 64 } = options;
  const appId = (partition: number) => `${topic}-${partition}`;
  const stop = new AbortController();
  const waiters = new Waiters();
  let compactAt = compactAfterFiles;

  await lake.ensureTable(table);
  if (quarantine !== undefined) await lake.ensureTable(quarantine);
  const partitions = (await log.endOffsets(topic)).length;
  const offsetsIn = (snapshot: LakeSnapshot) =>
    Array.from({ length: partitions }, (_, index) => snapshot.txn.get(appId(index)) ?? 0);
  let positions = await recover();

  /** Offsets the main table holds, after it passed over what the quarantine already has. */
  async function recover(): Promise<readonly number[]> {
    const main = offsetsIn(await lake.snapshot(table.name));
    if (quarantine === undefined) return main;
    const aside = offsetsIn(await lake.snapshot(quarantine.name));
    const ahead = main.map((offset, index) => Math.max(offset, aside[index] ?? 0));
    const txn = offsets(main, ahead);
    return txn.length === 0 ? main : offsetsIn(await lake.commit(table.name, { operation: 'PASS OVER QUARANTINED', txn }));
  }

  function offsets(from: readonly number[], to: readonly number[]) {
    return to.flatMap((version, index) => {
      const after = from[index] ?? 0;
      return version > after ? [{ appId: appId(index), version, after }] : [];
    });
  }

  async function setAside(spec: TableSpec, batch: Batch, reason: string): Promise<void> {
    const named = spec.columns.some(({ name }) => name === '_reason');
    const rows = named ? batch.rows.map((row) => ({ ...row, _reason: reason })) : batch.rows;
    const txn = offsets(batch.from, batch.to).map(({ appId: id, version }) => ({ appId: id, version }));
    await lake.commit(spec.name, {
      operation: 'QUARANTINE',
      add: [await lake.stage(spec.name, rows)],
      txn,
      info: { topic, reason },
    });
    crashPoint('lake.sink.after-quarantine');
  }

  /** One batch, wholly into one of the two tables. Gives the offsets the main table holds then. */
  async function write(batch: Batch): Promise<readonly number[]> {
    if (batch.rows.length < batch.records) {
      logger.warn({ topic, records: batch.records - batch.rows.length }, 'records left out: they are no rows of the table');
    }
    const verdict = batch.rows.length === 0 ? { passed: true } : (options.audit?.(batch.rows) ?? { passed: true });
    const change: LakeChange = { operation: 'STREAMING UPDATE', txn: offsets(batch.from, batch.to), info: { topic } };
    crashPoint('lake.sink.before-write');
    let snapshot: LakeSnapshot;
    if (verdict.passed) {
      const add = batch.rows.length === 0 ? [] : [await lake.stage(table.name, batch.rows)];
      crashPoint('lake.sink.after-write');
      snapshot = await lake.commit(table.name, { ...change, add });
    } else {
      const reason = ('reason' in verdict ? verdict.reason : undefined) ?? 'the batch audit failed';
      logger.warn({ topic, table: table.name, rows: batch.rows.length, reason }, 'batch set aside');
      if (quarantine !== undefined) await setAside(quarantine, batch, reason);
      snapshot = await lake.commit(table.name, change);
    }
    crashPoint('lake.sink.after-commit');
    logger.debug({ topic, table: table.name, version: snapshot.version, rows: batch.rows.length }, 'batch committed');
    if (snapshot.files.length >= compactAt) {
      compactAt = (await lake.compact(table.name)).files.length + compactAfterFiles;
    }
    return offsetsIn(snapshot);
  }

  async function step(): Promise<void> {
    // Also where the positions came from the table and not from a commit of this sink.
    waiters.reached(positions);
    let batch = await readBatch(log, topic, positions, maxRows, options.decode);
    if (batch.records === 0) {
      await log.waitForMore(topic, positions, stop.signal);
      // A few rows wait for others, unless somebody waits for them.
      if (!waiters.any) await pause(maxWaitMs, AbortSignal.any([stop.signal, waiters.wake()]));
      if (stop.signal.aborted) return;
      batch = await readBatch(log, topic, positions, maxRows, options.decode);
    }
    if (batch.records > 0) positions = await write(batch);
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        logger.error(
          { topic, table: table.name, err: error, failures },
          'batch not committed; trying again from the offsets of the table',
        );
        if (failures >= TELL_AFTER) waiters.fail(error);
        await pause(Math.min(LONGEST_PAUSE_MS, 50 * 2 ** failures), stop.signal);
        // The commit may have been made before it failed to say so.
        positions = await recover().catch(() => positions);
      }
    }
  }

  const closed = () => new Error(`the sink of ${topic} was closed`);
  const running = run();
  return {
    caughtUp: async () => {
      const ends = await log.endOffsets(topic);
      if (stop.signal.aborted) throw closed();
      return waiters.until(ends, positions);
    },
    lag: async () => (await log.endOffsets(topic)).reduce((sum, end, index) => sum + end - (positions[index] ?? 0), 0),
    positions: () => positions,
    async close() {
      stop.abort();
      await running;
      waiters.fail(closed());
    },
  };
}
