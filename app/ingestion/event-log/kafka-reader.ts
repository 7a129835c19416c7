import { fetchV13, IS_CONTROL, type RecordsBatch } from '@platformatic/kafka';
import type { Logger } from 'pino';
import { answered } from './kafka-faults.ts';
import type { KafkaRequests } from './kafka-requests.ts';
import type { StoredRecord } from './port.ts';

/** Of one answer, as Kafka's own consumers ask for; a larger batch still comes whole. */
const ANSWER_BYTES = 1024 * 1024;
/** Bit of a batch whose times are the broker's, where the topic is kept so. */
const TAKEN_AT = 8;

/** What one answer held of a partition: every record from `from` up to `next`. */
interface Chunk {
  readonly from: number;
  readonly next: number;
  readonly records: readonly StoredRecord[];
}

/** Reads partitions by offset, for no group. The rest of an answer is kept for the next read, which usually goes on there. */
export function openReader(requests: KafkaRequests, logger?: Logger) {
  const held = new Map<string, Chunk>();

  async function fetch(topic: string, partition: number, offset: number): Promise<Chunk | undefined> {
    const { id } = await requests.topic(topic);
    const connection = await requests.leader(topic, partition);
    const wanted = {
      partition,
      fetchOffset: BigInt(offset),
      partitionMaxBytes: ANSWER_BYTES,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    };
    // Answered at once, also at the end, and without a session.
    const answer = await fetchV13.api.async(
      connection,
      0,
      0,
      ANSWER_BYTES,
      0,
      0,
      -1,
      [{ topicId: id, partitions: [wanted] }],
      [],
      '',
    );
    const batches = answer.responses[0]?.partitions[0]?.records ?? [];
    const last = batches.at(-1);
    if (last === undefined) return undefined;
    const records = batches.flatMap((batch) => recordsOf(batch, partition)).filter((record) => record.offset >= offset);
    return { from: offset, next: Number(last.firstOffset) + last.lastOffsetDelta + 1, records };
  }

  /** Where to go on when the offset is none of the log's: the oldest kept, or undefined behind the end. */
  async function oldestAfter(topic: string, partition: number, offset: number): Promise<number | undefined> {
    const oldest = (await requests.offsets([topic], 'earliest')).get(topic)?.[partition] ?? 0;
    if (offset >= oldest) return undefined;
    // From the very start it is no loss: whoever begins reads what there is.
    if (offset > 0) {
      logger?.error(
        { topic, partition, from: offset, to: oldest, lost: oldest - offset },
        'records went by retention before they were read',
      );
    }
    return oldest;
  }

  async function chunkAt(topic: string, partition: number, offset: number): Promise<Chunk | undefined> {
    const key = `${topic}/${partition}`;
    const known = held.get(key);
    if (known !== undefined && known.from <= offset && offset < known.next) return known;
    held.delete(key);
    let chunk: Chunk | undefined;
    try {
      chunk = await fetch(topic, partition, offset);
    } catch (error) {
      if (!answered(error, 'OFFSET_OUT_OF_RANGE')) throw error;
      const oldest = await oldestAfter(topic, partition, offset);
      if (oldest === undefined) return undefined;
      chunk = await fetch(topic, partition, oldest);
    }
    if (chunk !== undefined) held.set(key, chunk);
    return chunk;
  }

  return async (topic: string, partition: number, offset: number, limit: number): Promise<readonly StoredRecord[]> => {
    const read: StoredRecord[] = [];
    for (let at = offset; read.length < limit; ) {
      const chunk = await requests.patiently(`read ${topic}/${partition}`, () => chunkAt(topic, partition, at));
      if (chunk === undefined) break;
      const part = chunk.records.slice(firstFrom(chunk.records, at)).slice(0, limit - read.length);
      for (const record of part) read.push(record);
      at = read.length < limit ? chunk.next : (part.at(-1)?.offset ?? at) + 1;
      if (at >= chunk.next) held.delete(`${topic}/${partition}`);
    }
    return read;
  };
}

/** Index of the first record at or behind the offset; offsets ascend. */
function firstFrom(records: readonly StoredRecord[], offset: number): number {
  let low = 0;
  for (let high = records.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function recordsOf(batch: RecordsBatch, partition: number): readonly StoredRecord[] {
  // Marks of transactions are no records.
  if ((batch.attributes & IS_CONTROL) !== 0) return [];
  return batch.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
    partition,
    offset: Number(batch.firstOffset) + offsetDelta,
    appendedAtMs: Number((batch.attributes & TAKEN_AT) === 0 ? batch.firstTimestamp + timestampDelta : batch.maxTimestamp),
    key: key?.toString('utf8') ?? '',
    value: value ?? Buffer.alloc(0),
    ...(headers.length > 0 && {
      headers: Object.fromEntries(headers.map(([name, text]) => [String(name ?? ''), String(text ?? '')])),
    }),
  }));
}
