import type { Logger } from 'pino';
import { MillraceError } from '../../app/errors.ts';
import type { EventLog, Membership } from '../../app/ingestion/event-log/port.ts';

/** What follows a topic, and how far it has come. */
export interface Follower {
  readonly topic: string;
  readonly group: string;
  /** Next offset of each partition; undefined before the first look. */
  position(): readonly number[] | undefined;
}

const EVERY_MS = 2_000;

/**
 * Writes positions into the log's groups, where autoscalers and people read how far a consumer lags. What counts is where its
 * store says it stands, in one transaction with its rows, so a position here may be late and is never needed.
 */
export function shareProgress(options: {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly followers: readonly Follower[];
  /** With whom they share their topics: each member tells where its own partitions stand. @default they follow all */
  readonly members?: Membership;
}): { close(): Promise<void> } {
  const { log, logger, followers, members } = options;
  const shared = new Map<Follower, Map<number, number>>();
  /** False where it is for another member to tell. */
  async function commit({ group, topic }: Follower, partition: number, next: number): Promise<boolean> {
    if (members === undefined) {
      await log.commit(group, topic, partition, next);
      return true;
    }
    if (!members.assignment().partitions(topic).includes(partition)) return false;
    try {
      await members.commit(topic, partition, next);
      return true;
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'MR_INGESTION_PARTITION_LOST') return false;
      throw error;
    }
  }

  async function share(): Promise<void> {
    for (const follower of followers) {
      const positions = follower.position() ?? [];
      const told = shared.get(follower) ?? new Map<number, number>();
      shared.set(follower, told);
      for (const [partition, next] of positions.entries())
        if (next > (told.get(partition) ?? 0) && (await commit(follower, partition, next))) told.set(partition, next);
    }
  }
  let sharing = Promise.resolve();
  const tell = () => {
    sharing = sharing.then(share).catch((err: unknown) => logger.warn({ err }, 'positions could not be shared'));
    return sharing;
  };
  const timer = setInterval(tell, EVERY_MS);
  return {
    async close() {
      clearInterval(timer);
      await tell();
    },
  };
}
