import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { syncFolder } from '../../disk.ts';
import type { Disk } from './disk.ts';
import { decodeFrame, encodeFrame, type FrameHeader } from './frame.ts';
import type { LogRecord, StoredRecord } from './port.ts';
import {
  corrupt,
  hasFrameAfter,
  lastAtMost,
  noteFrame,
  openSegment,
  readFrameOf,
  type Segment,
  scanSegment,
  segmentName,
} from './segment.ts';

/** One partition: a folder of segments, the last of which grows. Callers see to it that one `stage` runs at a time. */
export interface Partition {
  /** Next offset to be written; records below it are durable. */
  end(): number;
  /** Writes and syncs one frame behind the end, where readers do not look yet; `publish` moves the end. */
  stage(appendedAtMs: number, records: readonly LogRecord[]): Promise<StagedFrame>;
  /** Cuts off what was staged and not published. */
  undo(): Promise<void>;
  read(offset: number, limit: number): Promise<readonly StoredRecord[]>;
  close(): Promise<void>;
}

export interface StagedFrame {
  readonly base: number;
  publish(): void;
}

export interface PartitionOptions {
  readonly dir: string;
  readonly partition: number;
  readonly segmentBytes: number;
  readonly disk: Disk;
  readonly logger: Logger | undefined;
}

/**
 * Opens a partition: checks every frame of its last segment and cuts a torn tail off, with a log line. Older segments are
 * checked frame by frame when they are read.
 * @throws MR_INGESTION_LOG_CORRUPT naming file and position, where whole frames follow a broken one
 */
export async function openPartition(options: PartitionOptions): Promise<Partition> {
  const { dir, partition, segmentBytes, disk, logger } = options;
  await mkdir(dir, { recursive: true });
  const bases = (await readdir(dir))
    .flatMap((name) => (/^\d{16}\.seg$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (const base of bases)
    segments.push(await openSegment(join(dir, segmentName(base)), base, base === bases.at(-1) ? 'r+' : 'r'));
  if (segments.length === 0) await addSegment(0);
  let end = await recover(lastSegment()).catch(async (cause: unknown) => {
    await closeAll();
    throw cause;
  });
  let lastRead: { segment: Segment; header: FrameHeader; frame: Buffer } | undefined;

  function lastSegment(): Segment {
    return segments.at(-1) as Segment; // there is one from the first line of openPartition on
  }

  async function closeAll(): Promise<void> {
    for (const { file } of segments) await file.close();
  }

  async function addSegment(base: number): Promise<void> {
    segments.push(await openSegment(join(dir, segmentName(base)), base, 'wx+'));
    await syncFolder(dir);
  }

  async function recover(segment: Segment): Promise<number> {
    const { end, bytes } = await scanSegment(segment, { verify: true });
    if (bytes === segment.bytes) return end;
    if (await hasFrameAfter(segment, bytes)) throw corrupt(segment, bytes, 'a broken frame stands before whole ones');
    logger?.warn({ file: segment.path, position: bytes, cut: segment.bytes - bytes }, 'cut the torn tail of the event log');
    await cut(segment, bytes);
    return end;
  }

  async function cut(segment: Segment, bytes: number): Promise<void> {
    await segment.file.truncate(bytes);
    await segment.file.sync();
    segment.bytes = bytes;
  }

  async function frameOf(offset: number): Promise<{ segment: Segment; header: FrameHeader; frame: Buffer }> {
    const held = lastRead;
    if (held !== undefined && held.header.base <= offset && offset < held.header.base + held.header.count) return held;
    const segment =
      segments[
        lastAtMost(
          segments.map(({ base }) => base),
          offset,
        )
      ];
    if (segment === undefined) throw corrupt(lastSegment(), 0, `no segment holds offset ${offset}`);
    lastRead = { segment, ...(await readFrameOf(segment, offset)) };
    return lastRead;
  }

  return {
    end: () => end,
    async stage(appendedAtMs, records) {
      if (lastSegment().bytes >= segmentBytes) await addSegment(end);
      const segment = lastSegment();
      const base = end;
      const frame = encodeFrame(base, appendedAtMs, records);
      await disk.write(segment.file, frame, segment.bytes);
      await disk.sync(segment.file);
      return {
        base,
        publish() {
          segment.index ??= { offsets: [], positions: [] };
          noteFrame(segment.index, base, segment.bytes);
          segment.bytes += frame.length;
          end = base + records.length;
        },
      };
    },
    undo: () => cut(lastSegment(), lastSegment().bytes),
    async read(offset, limit) {
      const records: StoredRecord[] = [];
      while (records.length < limit && offset + records.length < end) {
        const next = offset + records.length;
        const { segment, frame } = await frameOf(next);
        const found = decodeFrame(frame, partition, next, limit - records.length);
        if (found[0]?.offset !== next) throw corrupt(segment, 0, `the segment lacks offset ${next}`);
        records.push(...found);
      }
      return records;
    },
    close: closeAll,
  };
}
