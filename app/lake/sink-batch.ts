import type { EventLog, StoredRecord } from '../ingestion/event-log/port.ts';
import type { LakeRow } from './port.ts';

/** Records of a topic between two positions (next offset per partition), as rows. */
export interface Batch {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Records read; more than rows where some could not be decoded. */
  readonly records: number;
  readonly rows: readonly LakeRow[];
}

/** Reads at most `maxRows` records of some partitions on from the positions, an equal share of each first, so that none starves. */
export async function readBatch(
  log: EventLog,
  topic: string,
  from: readonly number[],
  partitions: readonly number[],
  maxRows: number,
  decode: (record: StoredRecord) => LakeRow | undefined,
): Promise<Batch> {
  const to = [...from];
  const rows: LakeRow[] = [];
  let records = 0;
  let open = partitions;
  while (open.length > 0 && records < maxRows) {
    const share = Math.ceil((maxRows - records) / open.length);
    const still: number[] = [];
    for (const partition of open) {
      const limit = Math.min(share, maxRows - records);
      if (limit === 0) break;
      const read = await log.read(topic, partition, to[partition] ?? 0, limit);
      for (const record of read) {
        const row = decode(record);
        if (row !== undefined) rows.push(row);
        to[partition] = record.offset + 1;
      }
      records += read.length;
      // Fewer than asked for may be a reader's own limit: only an empty answer is the end.
      if (read.length > 0) still.push(partition);
    }
    open = still;
  }
  return { from, to, records, rows };
}
