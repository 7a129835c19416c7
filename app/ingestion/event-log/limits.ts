import { ingestionError } from '../errors.ts';
import { MAX_PART_BYTES } from './frame.ts';
import type { LogRecord, TopicSpec } from './port.ts';

/** As Kafka's default `max.message.bytes`. */
const MAX_VALUE_BYTES = 1024 * 1024;
const MAX_PARTITIONS = 1024;

/** @throws MR_INGESTION_TOPIC_INVALID */
export function checkTopic({ name, partitions }: TopicSpec): void {
  const detail = (field: string, value: unknown, expected: string) => ({ field, value, expected });
  if (!/^[a-z0-9][a-z0-9._-]{0,199}$/.test(name)) {
    throw ingestionError(
      'MR_INGESTION_TOPIC_INVALID',
      `'${name}' is no name of a topic`,
      detail('name', name, '1 to 200 of a-z 0-9 . _ -'),
    );
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
    const expected = `a whole number from 1 to ${MAX_PARTITIONS}`;
    throw ingestionError(
      'MR_INGESTION_TOPIC_INVALID',
      `topic ${name} cannot have ${partitions} partitions`,
      detail('partitions', partitions, expected),
    );
  }
}

/** @throws MR_INGESTION_RECORD_TOO_LARGE */
export function checkRecord(topic: string, { key, value, headers }: LogRecord): void {
  const sizes = [
    ['key', Buffer.byteLength(key), MAX_PART_BYTES],
    ['headers', headers === undefined ? 0 : Buffer.byteLength(JSON.stringify(headers)), MAX_PART_BYTES],
    ['value', value.length, MAX_VALUE_BYTES],
  ] as const;
  for (const [field, bytes, most] of sizes) {
    if (bytes <= most) continue;
    throw ingestionError('MR_INGESTION_RECORD_TOO_LARGE', `the ${field} of a record for ${topic} has ${bytes} bytes`, {
      field,
      value: bytes,
      expected: `at most ${most} bytes`,
    });
  }
}

/** @throws MR_INGESTION_OFFSET_INVALID where the group would stand behind the partition's end */
export function checkCommit(
  at: { readonly group: string; readonly topic: string; readonly partition: number; readonly nextOffset: number },
  end: number,
): void {
  const { group, topic, partition, nextOffset } = at;
  if (Number.isSafeInteger(nextOffset) && nextOffset >= 0 && nextOffset <= end) return;
  throw ingestionError('MR_INGESTION_OFFSET_INVALID', `group ${group} cannot stand at ${nextOffset} in ${topic}/${partition}`, {
    field: 'nextOffset',
    value: nextOffset,
    expected: `0 to ${end}`,
  });
}
