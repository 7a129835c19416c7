import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { Assignment, EventLog, Membership, StoredRecord } from '../ingestion/event-log/port.ts';
import type { Lake, LakeChange, LakeRow, LakeSnapshot, TableSpec } from './port.ts';
import { type Batch, readBatch } from './sink-batch.ts';
import { pause, Waiters } from './sink-wait.ts';
import { stillHold, type Turns, takeTurns } from './turns.ts';

export interface LakeSinkOptions {
  readonly log: EventLog;
  /** With whom it shares the topic. @default every partition is its own */
  readonly members?: Membership | undefined;
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
  /** Resolves once every record that its partitions hold now is committed. Rejects when commits keep failing. */
  caughtUp(): Promise<void>;
  /** Records of its partitions that are not committed yet. */
  lag(): Promise<number>;
  /** Next offset of each partition that is not committed yet; of those of others what it saw last. */
  positions(): readonly number[];
  close(): Promise<void>;
}

/** Failures in a row after which those who wait are told; the sink goes on trying. */
const TELL_AFTER = 4;

const LONGEST_PAUSE_MS = 5_000;

/**
 * Moves a topic into a lake table, exactly once: rows and the next offset of each partition land in one Delta commit
 * (`txn` with the application id `<topic>-<partition>`), and a start reads on from the offsets the table holds. Whoever
 * still writes a partition that it lost costs only work: a commit that does not continue from the table's offsets is not made.
 *
 * A batch that fails its audit is committed to the quarantine table with the same offsets, and then passed over in the
 * main one. A crash between the two is seen at the next start: the quarantine is ahead, so the main table passes over.
 * Where others share the topic, both tables also say whose turn a partition is (turns.ts), for offsets of one table cannot
 * hold back a commit to the other.
 */
export async function startLakeSink(options: LakeSinkOptions): Promise<LakeSink> {
  const { log, members, lake, topic, table, quarantine, logger } = options;
  const { maxRows = 20_000, maxWaitMs = 500, compactAfterFiles = 64 } = options;
  const appId = (partition: number) => `${topic}-${partition}`;
  const stop = new AbortController();
  const waiters = new Waiters();
  let compactAt = compactAfterFiles;
  let partitions = 0;
  let own: readonly number[] = [];
  /** Undefined until the first batch of an assignment: who has nothing to write takes no turn. */
  let turns: { readonly main: Turns; readonly aside: Turns } | undefined;
  /** What `own` was taken for; undefined where it is to be taken anew. */
  let taken: Assignment | undefined;

  await lake.ensureTable(table);
  if (quarantine !== undefined) await lake.ensureTable(quarantine);
  const offsetsIn = (snapshot: LakeSnapshot) =>
    Array.from({ length: partitions }, (_, index) => snapshot.txn.get(appId(index)) ?? 0);
  const alone: Assignment = { partitions: () => [...Array(partitions).keys()], over: stop.signal };
  let positions = await takeOver(members?.assignment() ?? alone);

  async function takeOver(assignment: Assignment): Promise<readonly number[]> {
    partitions = (await log.endOffsets(topic)).length;
    own = assignment.partitions(topic);
    // A topic that was just given more: what is shared out may be ahead of what this process knows of it.
    partitions = Math.max(partitions, ...own.map((partition) => partition + 1));
    turns = members === undefined || quarantine === undefined ? { main: [], aside: [] } : undefined;
    const found = await recover();
    taken = assignment;
    return found;
  }

  /** Gives what the tables hold once nobody who had the partitions before can write them any more. */
  async function takeOwnTurns(aside: TableSpec): Promise<readonly number[]> {
    const [main = [], other = []] = await takeTurns(lake, [table.name, aside.name], topic, own);
    turns = { main, aside: other };
    return recover();
  }

  /** Offsets the main table holds, after it passed over what the quarantine already has. */
  async function recover(): Promise<readonly number[]> {
    const main = offsetsIn(await lake.snapshot(table.name));
    if (quarantine === undefined) return main;
    const aside = offsetsIn(await lake.snapshot(quarantine.name));
    const ahead = main.map((offset, index) => (own.includes(index) ? Math.max(offset, aside[index] ?? 0) : offset));
    const txn = offsets(main, ahead);
    if (txn.length === 0) return main;
    return passed(await lake.commit(table.name, { operation: 'PASS OVER QUARANTINED', txn: [...txn, ...(turns?.main ?? [])] }));
  }

  /** Offsets that the main table holds after a commit, whether or not it was made: it was not where another had taken over. */
  function passed(snapshot: LakeSnapshot): readonly number[] {
    if (!stillHold(snapshot, turns?.main ?? [])) taken = undefined;
    return offsetsIn(snapshot);
  }

  function offsets(from: readonly number[], to: readonly number[]) {
    return to.flatMap((version, index) => {
      const after = from[index] ?? 0;
      return version > after ? [{ appId: appId(index), version, after }] : [];
    });
  }

  /** False where another had taken over. */
  async function setAside(spec: TableSpec, batch: Batch, reason: string): Promise<boolean> {
    const named = spec.columns.some(({ name }) => name === '_reason');
    const rows = named ? batch.rows.map((row) => ({ ...row, _reason: reason })) : batch.rows;
    const txn = offsets(batch.from, batch.to).map(({ appId: id, version }) => ({ appId: id, version }));
    const snapshot = await lake.commit(spec.name, {
      operation: 'QUARANTINE',
      add: [await lake.stage(spec.name, rows)],
      txn: [...txn, ...(turns?.aside ?? [])],
      info: { topic, reason },
    });
    crashPoint('lake.sink.after-quarantine');
    return stillHold(snapshot, turns?.aside ?? []);
  }

  /** One batch, wholly into one of the two tables. Gives the offsets the main table holds then. */
  async function write(batch: Batch): Promise<readonly number[]> {
    if (batch.rows.length < batch.records) {
      logger.warn({ topic, records: batch.records - batch.rows.length }, 'records left out: they are no rows of the table');
    }
    const verdict = batch.rows.length === 0 ? { passed: true } : (options.audit?.(batch.rows) ?? { passed: true });
    const txn = [...offsets(batch.from, batch.to), ...(turns?.main ?? [])];
    const change: LakeChange = { operation: 'STREAMING UPDATE', txn, info: { topic } };
    crashPoint('lake.sink.before-write');
    let snapshot: LakeSnapshot;
    if (verdict.passed) {
      const add = batch.rows.length === 0 ? [] : [await lake.stage(table.name, batch.rows)];
      crashPoint('lake.sink.after-write');
      snapshot = await lake.commit(table.name, { ...change, add });
    } else {
      const reason = ('reason' in verdict ? verdict.reason : undefined) ?? 'the batch audit failed';
      logger.warn({ topic, table: table.name, rows: batch.rows.length, reason }, 'batch set aside');
      if (quarantine !== undefined && !(await setAside(quarantine, batch, reason))) {
        taken = undefined;
        return batch.from;
      }
      snapshot = await lake.commit(table.name, change);
    }
    crashPoint('lake.sink.after-commit');
    logger.debug({ topic, table: table.name, version: snapshot.version, rows: batch.rows.length }, 'batch committed');
    // One of those who share a topic is enough for that.
    if (own.includes(0) && snapshot.files.length >= compactAt) {
      compactAt = (await lake.compact(table.name)).files.length + compactAfterFiles;
    }
    return passed(snapshot);
  }

  /** What is another's counts as reached: nobody waits here for it. */
  const reached = (): readonly number[] =>
    positions.map((next, index) => (own.includes(index) ? next : Number.POSITIVE_INFINITY));

  async function step(): Promise<void> {
    const now = members?.assignment() ?? alone;
    if (taken !== now) positions = await takeOver(now);
    const until = AbortSignal.any([stop.signal, now.over]);
    // Also where the positions came from the table and not from a commit of this sink.
    if (own.length > 0) waiters.reached(reached());
    let batch = await readBatch(log, topic, positions, own, maxRows, options.decode);
    if (batch.records === 0) {
      await log.waitForMore(topic, reached(), until);
      // A few rows wait for others, unless somebody waits for them.
      if (!waiters.any) await pause(maxWaitMs, AbortSignal.any([until, waiters.wake()]));
      if (until.aborted) return;
      batch = await readBatch(log, topic, positions, own, maxRows, options.decode);
    }
    if (batch.records === 0 || now.over.aborted) return;
    // The batch is read again from where the tables stand then.
    if (turns === undefined && quarantine !== undefined) positions = await takeOwnTurns(quarantine);
    else positions = await write(batch);
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
      return waiters.until(ends, own.length > 0 ? reached() : positions);
    },
    async lag() {
      const ends = await log.endOffsets(topic);
      return own.reduce((sum, index) => sum + (ends[index] ?? 0) - (positions[index] ?? 0), 0);
    },
    positions: () => positions,
    async close() {
      stop.abort();
      await running;
      waiters.fail(closed());
    },
  };
}
