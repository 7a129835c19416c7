import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, DAY, type Micros } from '../clock/port.ts';
import type { Lake } from './port.ts';

/** How far back versions stay readable, where nothing else is said: seven days. */
export const RETENTION_MS = (7 * DAY) / 1000;

export interface LakeCare {
  /** Waits for the round in progress. */
  close(): Promise<void>;
}

/**
 * Takes care of the files of a lake in rounds: each table's small files are joined, then what no version within the
 * retention needs is deleted. One round at a time, one table after the other; a table that fails is tried again a round later.
 */
export function startLakeCare(options: {
  readonly lake: Lake;
  readonly clock: Clock;
  readonly logger: Logger;
  /** When the round before began; the first one is due `every` later. */
  readonly last: Micros;
  /** Called with the moment that a finished round began. */
  readonly onRound?: (at: Micros) => Promise<void>;
  /** Between two rounds, by the clock. @default one day */
  readonly every?: Micros;
  /** @default 7 days */
  readonly retentionMs?: number;
  /** How often the clock is looked at, milliseconds of wall time: no two rounds are closer, however fast a replay runs. @default 300_000 */
  readonly lookMs?: number;
}): LakeCare {
  const { lake, clock, logger, every = DAY, retentionMs = RETENTION_MS, lookMs = 300_000 } = options;
  const stopping = new AbortController();
  let last = options.last;

  async function round(): Promise<void> {
    for (const table of await lake.tables()) {
      if (stopping.signal.aborted) return;
      try {
        const before = (await lake.snapshot(table)).files.length;
        const after = (await lake.compact(table)).files.length;
        const { deleted } = await lake.vacuum(table, { retentionMs });
        logger.info({ table, filesBefore: before, filesAfter: after, deleted: deleted.length }, 'lake files joined and swept');
      } catch (cause) {
        logger.error({ err: cause, table }, 'the care of a table failed; the next round tries it again');
      }
    }
  }

  const caring = (async () => {
    while (!stopping.signal.aborted) {
      const now = clock.now();
      if (now - last >= every) {
        last = now;
        await round().catch((cause: unknown) => logger.error({ err: cause }, 'the care of the lake failed'));
        await options.onRound?.(now);
      }
      await sleep(lookMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async close() {
      stopping.abort();
      await caring;
    },
  };
}
