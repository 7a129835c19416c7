/**
 * One of those who share a group. A member that was paused or cut off may still believe in an assignment that is over: what
 * it writes elsewhere must be refused there, by the offsets that go with it.
 */
export interface Membership {
  assignment(): Assignment;
  /** @throws MR_INGESTION_PARTITION_LOST where the partition is not, or no longer, this member's */
  commit(topic: string, partition: number, nextOffset: number): Promise<void>;
  /** Leaves its partitions to the others at once. */
  leave(): Promise<void>;
}

export interface Assignment {
  /** None while they are shared out anew, or where others have them all. */
  partitions(topic: string): readonly number[];
  /** Aborts when it is over and another one holds. */
  readonly over: AbortSignal;
}
