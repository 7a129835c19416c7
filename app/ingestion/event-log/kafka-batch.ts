import type { MessageRecord } from '@platformatic/kafka';
import { ingestionError } from '../errors.ts';
import type { LogRecord } from './port.ts';

/** `max.message.bytes` of the topics (constructs/ingestion/topics.ts): what a broker takes of one partition at once. */
const BATCH_BYTES = 1_048_576;
const BATCH_HEADER_BYTES = 61;
/** Lengths, offset and time of a record take at most as many. */
const RECORD_BYTES = 40;
const HEADER_BYTES = 10;

export interface Sized {
  readonly message: MessageRecord;
  readonly bytes: number;
}

/** @throws MR_INGESTION_RECORD_TOO_LARGE where not even a batch of its own holds the record */
export function sized(topic: string, partition: number, { key, value, headers = {} }: LogRecord): Sized {
  const pairs = Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);
  const message = { topic, partition, key: Buffer.from(key), value, headers: new Map(pairs) };
  const bytes = pairs.reduce(
    (sum, [name, text]) => sum + name.length + text.length + HEADER_BYTES,
    RECORD_BYTES + message.key.length + value.length,
  );
  if (BATCH_HEADER_BYTES + bytes <= BATCH_BYTES) return { message, bytes };
  throw ingestionError('MR_INGESTION_RECORD_TOO_LARGE', `a record for ${topic} has ${bytes} bytes with key and headers`, {
    field: 'value',
    value: bytes,
    expected: `at most ${BATCH_BYTES - BATCH_HEADER_BYTES} bytes in all`,
  });
}

/** How many of the first records fit into one batch; at least one, where there is one. */
export function fitting(records: readonly Pick<Sized, 'bytes'>[]): number {
  let bytes = BATCH_HEADER_BYTES;
  const over = records.findIndex((record) => {
    bytes += record.bytes;
    return bytes > BATCH_BYTES;
  });
  return over < 0 ? records.length : over;
}
