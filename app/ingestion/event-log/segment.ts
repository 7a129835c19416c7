import { type FileHandle, open } from 'node:fs/promises';
import { ingestionError } from '../errors.ts';
import { type FrameHeader, findFrame, HEADER_BYTES, isWhole, readHeader } from './frame.ts';

/** Bytes of a segment between two entries of its index. */
const STRIDE = 64 * 1024;
const CHUNK = 1024 * 1024;

/** One file of a partition. Its name is the offset of its first record; its index is made by one pass and kept in memory. */
export interface Segment {
  readonly base: number;
  readonly path: string;
  readonly file: FileHandle;
  /** Bytes of whole frames. */
  bytes: number;
  /** Undefined until the segment is first read. */
  index: SparseIndex | undefined;
}

/** Offsets and the positions of their frames, both ascending. */
export interface SparseIndex {
  readonly offsets: number[];
  readonly positions: number[];
}

export const segmentName = (base: number): string => `${String(base).padStart(16, '0')}.seg`;

export async function openSegment(path: string, base: number, flags: 'r' | 'r+' | 'wx+'): Promise<Segment> {
  const file = await open(path, flags, 0o600);
  return { base, path, file, bytes: (await file.stat()).size, index: undefined };
}

/** Notes a frame in the index, when the last entry is far enough behind. */
export function noteFrame({ offsets, positions }: SparseIndex, offset: number, position: number): void {
  const last = positions.at(-1);
  if (last !== undefined && position - last < STRIDE) return;
  offsets.push(offset);
  positions.push(position);
}

export interface Scan {
  /** Offset after the last whole frame. */
  readonly end: number;
  /** Where the whole frames end. */
  readonly bytes: number;
}

/**
 * One pass over the frames of a segment: fills its index and, with `verify`, checks every checksum. Stops at the first
 * frame that is not whole; the caller decides whether that is a torn tail.
 * @throws MR_INGESTION_LOG_CORRUPT for offsets that do not follow each other
 */
export async function scanSegment(segment: Segment, options: { readonly verify: boolean }): Promise<Scan> {
  const index: SparseIndex = { offsets: [], positions: [] };
  const size = segment.bytes;
  let chunk: Buffer = Buffer.alloc(0);
  let chunkAt = 0;
  let position = 0;
  let end = segment.base;
  const have = async (bytes: number) => {
    if (position + bytes <= chunkAt + chunk.length) return true;
    if (position + bytes > size) return false;
    chunk = await readBytes(segment, position, Math.min(Math.max(CHUNK, bytes), size - position));
    chunkAt = position;
    return true;
  };
  while (await have(HEADER_BYTES)) {
    const header = readHeader(chunk, position - chunkAt);
    if (header === undefined || position + header.length > size) break;
    if (options.verify && !((await have(header.length)) && isWhole(chunk, position - chunkAt, header))) break;
    if (header.base !== end)
      throw corrupt(segment, position, `a frame of offset ${header.base} stands where offset ${end} should`);
    noteFrame(index, header.base, position);
    position += header.length;
    end = header.base + header.count;
  }
  segment.index = index;
  return { end, bytes: position };
}

/** Whether a whole frame stands anywhere after `position`: then what is broken there is damage, not a torn tail. */
export async function hasFrameAfter(segment: Segment, position: number): Promise<boolean> {
  const rest = await readBytes(segment, position, segment.bytes - position);
  return findFrame(rest, 1) >= 0;
}

/** The whole frame that holds `offset`, with its checksum checked. @throws MR_INGESTION_LOG_CORRUPT */
export async function readFrameOf(
  segment: Segment,
  offset: number,
): Promise<{ header: FrameHeader; frame: Buffer; position: number }> {
  if (segment.index === undefined) await scanSegment(segment, { verify: false });
  const { offsets, positions } = segment.index ?? { offsets: [], positions: [] };
  let position = positions[lastAtMost(offsets, offset)] ?? 0;
  for (;;) {
    const bytes = await readBytes(segment, position, Math.min(STRIDE * 2, segment.bytes - position));
    let at = 0;
    let header = readHeader(bytes, at);
    while (header !== undefined && header.base + header.count <= offset && at + header.length < bytes.length) {
      at += header.length;
      header = readHeader(bytes, at);
    }
    position += at;
    if (header === undefined && at === 0) throw corrupt(segment, position, 'no frame begins there');
    if (header === undefined) continue;
    if (position + header.length > segment.bytes) throw corrupt(segment, position, 'the frame is cut');
    if (header.base + header.count <= offset) {
      position += header.length;
      continue;
    }
    const whole = at + header.length <= bytes.length;
    const frame = whole ? bytes.subarray(at, at + header.length) : await readBytes(segment, position, header.length);
    if (!isWhole(frame, 0, header)) throw corrupt(segment, position, 'the checksum of the frame does not hold');
    return { header, frame, position };
  }
}

async function readBytes(segment: Segment, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await segment.file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw corrupt(segment, position + done, 'the file is shorter than it was');
    done += bytesRead;
  }
  return bytes;
}

/** Index of the last value that is at most `limit`; -1 where all are above. `values` ascend. */
export function lastAtMost(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export const corrupt = (segment: Segment, position: number, reason: string) =>
  ingestionError('MR_INGESTION_LOG_CORRUPT', `${segment.path}, byte ${position}: ${reason}`, {
    field: segment.path,
    value: position,
    expected: 'a whole frame',
  });
