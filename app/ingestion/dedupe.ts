import { createHash } from 'node:crypto';
import { open } from 'lmdb';
import type { Logger } from 'pino';
import type { EventLog, RecordPosition, StoredRecord } from './event-log/port.ts';

/** Where an id already lies in the log. Ids are kept by scope: an event, or the dead letters of one. */
export interface DedupeIndex {
  find(scope: string, id: string): RecordPosition | undefined;
  /**
   * Remembers what an append made durable, and how far the log has been indexed. Never rejects: where the index cannot be
   * written, the ids stay in memory, and the next start reads them from the log again.
   */
  remember(scope: string, entries: readonly Entry[]): Promise<void>;
  /** Indexes the records that were appended and not remembered: a crash came between the two. Resolves to how many. */
  catchUp(scope: string, topic: string, log: EventLog, idOf: (record: StoredRecord) => string): Promise<number>;
  close(): Promise<void>;
}

interface Entry {
  readonly id: string;
  readonly position: RecordPosition;
}

const BATCH = 10_000;
const ID_BYTES = 16;

/** Ids in an lmdb file under `dir`. An id is kept as 16 bytes of its SHA-256: two alike among 2^40 have odds of 2^-49. */
export function openDedupe(dir: string, logger: Logger): DedupeIndex {
  const root = open({ path: dir, maxDbs: 4 });
  const ids = root.openDB<number[], Buffer>({ name: 'ids', keyEncoding: 'binary' });
  const marks = root.openDB<number, string>({ name: 'marks' });
  const keyOf = (scope: string, id: string) =>
    createHash('sha256').update(scope).update('\0').update(id).digest().subarray(0, ID_BYTES);
  const markOf = (scope: string, partition: number) => `${scope}/${partition}`;
  /** On their way into the index. */
  const fresh = new Map<string, RecordPosition>();
  /** Offsets indexed ahead of their partition's mark, from and up to: appends may be remembered out of order. */
  const ahead = new Map<string, Map<number, number>>();
  let failed = false;

  function advance(mark: string): void {
    const runs = ahead.get(mark);
    let next = marks.get(mark) ?? 0;
    for (let end = runs?.get(next); end !== undefined; end = runs?.get(next)) {
      runs?.delete(next);
      next = end;
    }
    marks.put(mark, next);
  }

  async function remember(scope: string, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const keys = entries.map(({ id }) => keyOf(scope, id));
    for (const [i, key] of keys.entries()) fresh.set(key.toString('latin1'), (entries[i] as Entry).position);
    try {
      await ids.transaction(() => {
        for (const [i, { position }] of entries.entries()) ids.put(keys[i] as Buffer, [position.partition, position.offset]);
        // After a failed write ids are missing below later offsets, so no mark may pass them.
        if (failed) return;
        for (const { position } of entries) {
          const mark = markOf(scope, position.partition);
          const runs = ahead.get(mark) ?? new Map<number, number>();
          ahead.set(mark, runs.set(position.offset, position.offset + 1));
        }
        for (const partition of new Set(entries.map(({ position }) => position.partition))) advance(markOf(scope, partition));
      });
      for (const key of keys) fresh.delete(key.toString('latin1'));
    } catch (cause) {
      failed = true;
      logger.error(
        { err: cause, scope, ids: entries.length },
        'the index of event ids cannot be written; the next start repairs it',
      );
    }
  }

  return {
    find(scope, id) {
      const key = keyOf(scope, id);
      const held = fresh.get(key.toString('latin1'));
      if (held !== undefined) return held;
      const [partition, offset] = ids.get(key) ?? [];
      return partition === undefined || offset === undefined ? undefined : { partition, offset };
    },
    remember,
    async catchUp(scope, topic, log, idOf) {
      let indexed = 0;
      for (const [partition, end] of (await log.endOffsets(topic)).entries()) {
        for (let offset = marks.get(markOf(scope, partition)) ?? 0; offset < end; ) {
          const records = await log.read(topic, partition, offset, BATCH);
          const entries = records.map((record) => ({ id: idOf(record), position: { partition, offset: record.offset } }));
          await remember(scope, entries);
          // The oldest may be gone: then they begin behind the offset, or there are none.
          offset = (records.at(-1)?.offset ?? end) + 1;
          indexed += records.length;
        }
      }
      return indexed;
    },
    async close() {
      await root.close();
    },
  };
}
