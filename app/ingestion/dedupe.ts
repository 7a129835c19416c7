import { createHash } from 'node:crypto';
import { open } from 'lmdb';
import type { EventLog, RecordPosition } from './event-log/port.ts';

/** Where an event id already lies in the log. */
export interface DedupeIndex {
  find(event: string, id: string): RecordPosition | undefined;
  /** Remembers what an append made durable, and how far the log has been indexed. */
  remember(event: string, entries: readonly { readonly id: string; readonly position: RecordPosition }[]): Promise<void>;
  /** Indexes the records that were appended and not remembered: a crash came between the two. */
  catchUp(event: string, topic: string, log: EventLog, idOf: (value: Buffer) => string): Promise<number>;
  close(): Promise<void>;
}

const BATCH = 10_000;
const ID_BYTES = 16;

/** Event ids of a use case by event, in an lmdb file under `dir`. An id is kept as 16 bytes of its SHA-256. */
export function openDedupe(dir: string): DedupeIndex {
  const root = open({ path: dir, maxDbs: 4 });
  const ids = root.openDB<number[], Buffer>({ name: 'ids', keyEncoding: 'binary' });
  const marks = root.openDB<number, string>({ name: 'marks' });
  const keyOf = (event: string, id: string) =>
    createHash('sha256').update(event).update('\0').update(id).digest().subarray(0, ID_BYTES);
  const markOf = (event: string, partition: number) => `${event}/${partition}`;

  async function remember(
    event: string,
    entries: readonly { readonly id: string; readonly position: RecordPosition }[],
  ): Promise<void> {
    const next = new Map<number, number>();
    await ids.transaction(() => {
      for (const { id, position } of entries) {
        ids.put(keyOf(event, id), [position.partition, position.offset]);
        next.set(position.partition, Math.max(next.get(position.partition) ?? 0, position.offset + 1));
      }
      for (const [partition, offset] of next) {
        const mark = markOf(event, partition);
        // Two appends may be remembered out of order; a gap is closed by the scan at the next start.
        const known = marks.get(mark) ?? 0;
        const first = entries.find(({ position }) => position.partition === partition)?.position.offset ?? 0;
        if (first <= known && offset > known) marks.put(mark, offset);
      }
    });
  }

  return {
    find(event, id) {
      const found = ids.get(keyOf(event, id));
      return found === undefined ? undefined : { partition: found[0] as number, offset: found[1] as number };
    },
    remember,
    async catchUp(event, topic, log, idOf) {
      let indexed = 0;
      for (const [partition, end] of (await log.endOffsets(topic)).entries()) {
        for (let offset = marks.get(markOf(event, partition)) ?? 0; offset < end; ) {
          const records = await log.read(topic, partition, offset, BATCH);
          await remember(
            event,
            records.map((record) => ({ id: idOf(record.value), position: record })),
          );
          offset += records.length;
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
