import type { Share } from './share-out.ts';

/**
 * What members of a group tell each other, as Kafka's own consumers write it (ConsumerProtocolSubscription and
 * ConsumerProtocolAssignment, version 0), so that its tools can show who has what.
 */
const VERSION = 0;

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
/** Bytes of the user: none. */
const NOTHING = int32(-1);

export const encodeSubscription = (topics: readonly string[]): Buffer =>
  Buffer.concat([int16(VERSION), int32(topics.length), ...topics.map(text), NOTHING]);

export function decodeSubscription(bytes: Buffer): readonly string[] {
  const reader = readerOf(bytes);
  return reader.list(reader.text);
}

export const encodeShare = (share: Share): Buffer =>
  Buffer.concat([
    int16(VERSION),
    int32(share.size),
    ...[...share].flatMap(([topic, partitions]) => [text(topic), int32(partitions.length), ...partitions.map(int32)]),
    NOTHING,
  ]);

/** A member that came too late for the share-out gets no bytes at all. */
export function decodeShare(bytes: Buffer): Share {
  if (bytes.length === 0) return new Map();
  const reader = readerOf(bytes);
  return new Map(reader.list(() => [reader.text(), reader.list(reader.int32)] as const));
}

function readerOf(bytes: Buffer) {
  let at = 2; // the version
  const own = {
    int32: () => {
      at += 4;
      return bytes.readInt32BE(at - 4);
    },
    text: () => {
      const length = bytes.readInt16BE(at);
      at += 2 + length;
      return bytes.toString('utf8', at - length, at);
    },
    list: <T>(item: () => T): readonly T[] => Array.from({ length: own.int32() }, item),
  };
  return own;
}
