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
  const shared = new Map<Follower, readonly number[]>();
  async function commit({ group, topic }: Follower, partition: number, next: number): Promise<void> {
    if (members === undefined) return log.commit(group, topic, partition, next);
    if (!members.assignment().partitions(topic).includes(partition)) return;
    await members.commit(topic, partition, next).catch((error: unknown) => {
      // Whoever has it now tells.
      if (!(error instanceof MillraceError && error.code === 'MR_INGESTION_PARTITION_LOST')) throw error;
    });
  }

  async function share(): Promise<void> {
    for (const follower of followers) {
      const positions = follower.position() ?? [];
      const before = shared.get(follower);
      for (const [partition, next] of positions.entries())
        if (next > (before?.[partition] ?? 0)) await commit(follower, partition, next);
      shared.set(follower, [...positions]);
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
