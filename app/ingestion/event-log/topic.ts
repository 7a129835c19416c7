import { join } from 'node:path';
import { isDiskFull } from '../../disk.ts';
import { ingestionError } from '../errors.ts';
import { openPartition, type PartitionOptions } from './partition.ts';
import { partitionOf } from './partitioner.ts';
import type { LogRecord, RecordPosition, StoredRecord, TopicSpec } from './port.ts';

/** Records that one sync may make durable together; a single larger append still goes alone. */
const GROUP_BYTES = 8 * 1024 * 1024;

interface Waiting {
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly resolve: (positions: readonly RecordPosition[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface Topic {
  readonly spec: TopicSpec;
  append(records: readonly LogRecord[]): Promise<readonly RecordPosition[]>;
  read(partition: number, offset: number, limit: number): Promise<readonly StoredRecord[]>;
  ends(): readonly number[];
  waitForMore(offsets: readonly number[], signal: AbortSignal): Promise<void>;
  /** Waits for appends under way, wakes those who wait for more, then closes. */
  close(): Promise<void>;
}

/** One topic of the embedded log. Appends that arrive while the disk syncs wait and share the next sync. */
export async function openTopic(spec: TopicSpec, options: Omit<PartitionOptions, 'partition'>): Promise<Topic> {
  const opening = await Promise.allSettled(
    Array.from({ length: spec.partitions }, (_, partition) =>
      openPartition({ ...options, partition, dir: join(options.dir, String(partition)) }),
    ),
  );
  const partitions = opening.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refused = opening.find((outcome) => outcome.status === 'rejected');
  if (refused !== undefined) {
    await Promise.all(partitions.map((partition) => partition.close()));
    throw refused.reason;
  }
  const queue: Waiting[] = [];
  const sleepers = new Set<() => void>();
  let flushing: Promise<void> | undefined;
  let failed: unknown;
  let closed = false;

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const group = [queue.shift() as Waiting]; // the queue is not empty
      for (let bytes = group[0]?.bytes ?? 0; queue[0] !== undefined && bytes + queue[0].bytes <= GROUP_BYTES; ) {
        bytes += queue[0].bytes;
        group.push(queue.shift() as Waiting); // as above
      }
      try {
        const positions = await write(group.flatMap(({ records }) => records));
        let from = 0;
        for (const { records, resolve } of group) {
          resolve(positions.slice(from, from + records.length));
          from += records.length;
        }
        for (const wake of [...sleepers]) wake();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // In the same turn as the last look at the queue: an append that comes now starts a flush of its own.
    flushing = undefined;
  }

  async function write(records: readonly LogRecord[]): Promise<readonly RecordPosition[]> {
    if (failed !== undefined) throw failed;
    const parts = new Map<number, LogRecord[]>();
    const slots = records.map((record) => {
      const partition = partitionOf(record.key, spec.partitions);
      const part = parts.get(partition) ?? [];
      parts.set(partition, part);
      return { partition, at: part.push(record) - 1 };
    });
    const now = Date.now();
    const staged = await Promise.allSettled(
      [...parts].map(async ([partition, part]) => [partition, await at(partition).stage(now, part)] as const),
    );
    const broken = staged.find((outcome) => outcome.status === 'rejected');
    if (broken !== undefined) {
      await undo([...parts.keys()], broken.reason);
      throw fault(broken.reason);
    }
    const bases = new Map<number, number>();
    for (const outcome of staged) {
      if (outcome.status !== 'fulfilled') continue;
      const [partition, frame] = outcome.value;
      frame.publish();
      bases.set(partition, frame.base);
    }
    return slots.map(({ partition, at }) => ({ partition, offset: (bases.get(partition) ?? 0) + at }));
  }

  /** All partitions forget the group, or none does: where the disk will not even shrink a file, the topic takes no more. */
  async function undo(touched: readonly number[], reason: unknown): Promise<void> {
    const cuts = await Promise.allSettled(touched.map((partition) => at(partition).undo()));
    if (!isDiskFull(reason) || cuts.some(({ status }) => status === 'rejected')) failed = fault(reason);
  }

  function fault(cause: unknown) {
    const detail = { field: spec.name, value: (cause as NodeJS.ErrnoException).code, cause };
    if (isDiskFull(cause))
      return ingestionError(
        'MR_INGESTION_DISK_FULL',
        `no space left for topic ${spec.name}; nothing of the append was kept`,
        detail,
      );
    return ingestionError('MR_INGESTION_LOG_FAILED', `topic ${spec.name} cannot be written: ${String(cause)}`, detail);
  }

  function at(partition: number) {
    const found = partitions[partition];
    if (found !== undefined) return found;
    throw ingestionError('MR_INGESTION_TOPIC_UNKNOWN', `topic ${spec.name} has no partition ${partition}`, {
      field: 'partition',
      value: partition,
      expected: `0 to ${spec.partitions - 1}`,
    });
  }

  const hasMore = (offsets: readonly number[]) => partitions.some((partition, i) => partition.end() > (offsets[i] ?? 0));

  return {
    spec,
    append(records) {
      if (closed) throw ingestionError('MR_INGESTION_LOG_CLOSED', `topic ${spec.name} is closed`);
      if (records.length === 0) return Promise.resolve([]);
      const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
      return new Promise((resolve, reject) => {
        queue.push({ records, bytes, resolve, reject });
        // Starts in the next turn, so that appends of this turn share the first sync as well.
        flushing ??= Promise.resolve().then(flush);
      });
    },
    read: (partition, offset, limit) => at(partition).read(offset, limit),
    ends: () => partitions.map((partition) => partition.end()),
    waitForMore(offsets, signal) {
      if (closed || signal.aborted || hasMore(offsets)) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          if (!closed && !signal.aborted && !hasMore(offsets)) return;
          sleepers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        sleepers.add(wake);
        signal.addEventListener('abort', wake);
      });
    },
    async close() {
      closed = true;
      await flushing;
      for (const wake of [...sleepers]) wake();
      await Promise.all(partitions.map((partition) => partition.close()));
    },
  };
}
