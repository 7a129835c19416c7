import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { MillraceError } from '../../errors.ts';
import type { KafkaRequests } from './kafka-requests.ts';

/** How often the ends of waited-for topics are looked at: one small request to each leader, for all who wait. */
const LOOK_MS = 100;

interface Waiter {
  readonly topic: string;
  readonly offsets: readonly number[];
  settle(error?: unknown): void;
}

/** Wakes those who wait for a topic to grow. While the brokers do not answer they wait on, with a line in the log. */
export function openWatch(requests: KafkaRequests, logger?: Logger) {
  const waiting = new Set<Waiter>();
  const closing = new AbortController();
  let looking = false;

  async function look(topic: string): Promise<void> {
    const those = [...waiting].filter((waiter) => waiter.topic === topic);
    const offsets = (which: 'latest' | 'earliest') =>
      requests.patiently(`wait for more in ${topic}`, async () => (await requests.offsets([topic], which)).get(topic) ?? []);
    try {
      const ends = await offsets('latest');
      const grown = those.filter((waiter) => ends.some((end, at) => end > (waiter.offsets[at] ?? 0)));
      // Of what retention took there is nothing to read.
      const starts = grown.length === 0 ? [] : await offsets('earliest');
      for (const waiter of grown) {
        if (ends.some((end, at) => end > Math.max(waiter.offsets[at] ?? 0, starts[at] ?? 0))) waiter.settle();
      }
    } catch (error) {
      if ((error as MillraceError).code === 'MR_INGESTION_LOG_UNAVAILABLE') {
        logger?.warn({ topic, err: error }, 'still waiting for the brokers');
      } else for (const waiter of those) waiter.settle(error);
    }
  }

  async function run(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      await Promise.all([...new Set([...waiting].map(({ topic }) => topic))].map(look));
      if (waiting.size > 0) await pause(LOOK_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    looking = false;
  }

  return {
    waitForMore(topic: string, offsets: readonly number[], signal: AbortSignal): Promise<void> {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          topic,
          offsets,
          settle(error) {
            waiting.delete(waiter);
            signal.removeEventListener('abort', wake);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        const wake = () => waiter.settle();
        signal.addEventListener('abort', wake);
        waiting.add(waiter);
        if (!looking) void run();
      });
    },
    close(): void {
      closing.abort();
      for (const waiter of [...waiting]) waiter.settle();
    },
  };
}
