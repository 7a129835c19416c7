import { crc32 } from 'node:zlib';
import type { LogRecord, StoredRecord } from './port.ts';

/**
 * A frame is what one fsync made durable in one partition, little-endian:
 * ```
 *  0 magic u32 "MRL1"   4 length u32 (whole frame)   8 crc32 u32 (of all that follows)
 * 12 base offset u64   20 appended at, ms u64       28 count u32
 * 32 records: key length u16, headers length u16, value length u32, key, headers (JSON), value
 * ```
 * One checksum a frame, so a write that was cut leaves one broken frame at the very end and none before it.
 */
export const HEADER_BYTES = 32;
const MAGIC = 0x314c524d;
const RECORD_BYTES = 8;
export const MAX_PART_BYTES = 0xffff;

export interface FrameHeader {
  readonly length: number;
  readonly crc: number;
  readonly base: number;
  readonly appendedAtMs: number;
  readonly count: number;
}

export function encodeFrame(base: number, appendedAtMs: number, records: readonly LogRecord[]): Buffer {
  const parts = records.map((record) => ({
    key: Buffer.from(record.key, 'utf8'),
    headers: Buffer.from(record.headers === undefined ? '' : JSON.stringify(record.headers), 'utf8'),
    value: record.value,
  }));
  const length = parts.reduce(
    (sum, { key, headers, value }) => sum + RECORD_BYTES + key.length + headers.length + value.length,
    HEADER_BYTES,
  );
  const frame = Buffer.allocUnsafe(length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(length, 4);
  frame.writeBigUInt64LE(BigInt(base), 12);
  frame.writeBigUInt64LE(BigInt(appendedAtMs), 20);
  frame.writeUInt32LE(records.length, 28);
  let at = HEADER_BYTES;
  for (const { key, headers, value } of parts) {
    frame.writeUInt16LE(key.length, at);
    frame.writeUInt16LE(headers.length, at + 2);
    frame.writeUInt32LE(value.length, at + 4);
    at += RECORD_BYTES;
    for (const part of [key, headers, value]) at += part.copy(frame, at);
  }
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8);
  return frame;
}

/** Header at `at`, or undefined where there is none: too few bytes, or not a frame. The checksum is not looked at. */
export function readHeader(bytes: Buffer, at = 0): FrameHeader | undefined {
  if (bytes.length - at < HEADER_BYTES || bytes.readUInt32LE(at) !== MAGIC) return undefined;
  const length = bytes.readUInt32LE(at + 4);
  if (length < HEADER_BYTES) return undefined;
  return {
    length,
    crc: bytes.readUInt32LE(at + 8),
    base: Number(bytes.readBigUInt64LE(at + 12)),
    appendedAtMs: Number(bytes.readBigUInt64LE(at + 20)),
    count: bytes.readUInt32LE(at + 28),
  };
}

/** Whether the whole frame is there and its checksum holds. */
export const isWhole = (bytes: Buffer, at: number, header: FrameHeader): boolean =>
  bytes.length - at >= header.length && crc32(bytes.subarray(at + 12, at + header.length)) === header.crc;

/** Where the next whole frame begins, from `at` on; -1 where there is none. */
export function findFrame(bytes: Buffer, at: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  for (let found = bytes.indexOf(magic, at); found >= 0; found = bytes.indexOf(magic, found + 1)) {
    const header = readHeader(bytes, found);
    if (header !== undefined && isWhole(bytes, found, header)) return found;
  }
  return -1;
}

/** Records of a whole frame from `offset` on, at most `limit`. Values are views of `frame`. */
export function decodeFrame(frame: Buffer, partition: number, offset: number, limit: number): StoredRecord[] {
  const header = readHeader(frame);
  const records: StoredRecord[] = [];
  if (header === undefined) return records;
  let at = HEADER_BYTES;
  for (let i = 0; i < header.count && records.length < limit; i++) {
    const keyEnd = at + RECORD_BYTES + frame.readUInt16LE(at);
    const headersEnd = keyEnd + frame.readUInt16LE(at + 2);
    const valueEnd = headersEnd + frame.readUInt32LE(at + 4);
    if (header.base + i >= offset) {
      records.push({
        partition,
        offset: header.base + i,
        appendedAtMs: header.appendedAtMs,
        key: frame.toString('utf8', at + RECORD_BYTES, keyEnd),
        value: frame.subarray(headersEnd, valueEnd),
        ...(headersEnd > keyEnd
          ? { headers: JSON.parse(frame.toString('utf8', keyEnd, headersEnd)) as Record<string, string> }
          : {}),
      });
    }
    at = valueEnd;
  }
  return records;
}
