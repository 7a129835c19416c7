import type { Membership } from './membership.ts';

export type * from './membership.ts';

/**
 * The event log: partitioned, keyed, durable. Offsets of a partition start at 0 and have no gaps. Where old records are taken away,
 * a read from before them gives the oldest that are kept.
 */
export interface EventLog {
  /**
   * Creates the topic where this process may, or checks that it exists with as many partitions; a log that others set up may have
   * given it more. @throws MR_INGESTION_TOPIC_MISMATCH
   */
  ensureTopic(topic: TopicSpec): Promise<void>;
  topics(): Promise<readonly TopicSpec[]>;
  /** Resolves when every record is durable (fsync, or acks=all). Records with one key keep their order. */
  append(topic: string, records: readonly LogRecord[]): Promise<readonly RecordPosition[]>;
  /** At most `limit` records from `offset` on; empty at the end of the log. */
  read(topic: string, partition: number, offset: number, limit: number): Promise<readonly StoredRecord[]>;
  /** Next offset to be written, per partition. */
  endOffsets(topic: string): Promise<readonly number[]>;
  /** Next offset to read by this group, per partition; 0 where nothing was committed. */
  committed(group: string, topic: string): Promise<readonly number[]>;
  /** For a group that has one reader; where some share it by `join`, its members commit. */
  commit(group: string, topic: string, partition: number, nextOffset: number): Promise<void>;
  /** Shares the partitions of these topics with all who join under the same name: each is one member's at a time. */
  join(group: string, topics: readonly string[]): Promise<Membership>;
  /** Resolves once the topic holds more than `offsets` (per partition; Infinity: of no interest), or when the signal aborts. */
  waitForMore(topic: string, offsets: readonly number[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
}

export interface LogRecord {
  /** Decides the partition (murmur2, as Kafka's default partitioner does). */
  readonly key: string;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RecordPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface StoredRecord extends LogRecord, RecordPosition {
  /** When the log took it, milliseconds since the epoch. */
  readonly appendedAtMs: number;
}
