import type { Logger } from 'pino';
import { type Clock, MINUTE } from '../clock/port.ts';
import { type Verified, verifyServed } from '../features/verify.ts';
import type { Lake } from '../lake/port.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** Minutes from one comparison to the next, by the wall clock. */
const EVERY = 5;
/** Answers that are drawn for one. */
const SAMPLE = 200;
/** Answers of so many intervals are drawn from: some reach the lake late, and their events later. */
const LOOKS_BACK = 3;

export interface SkewOptions {
  readonly usecase: UseCase;
  readonly lake: Lake;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly count: (verified: Verified) => void;
}

/** Every few minutes compares feature values that were lately served with what the lake's events come to. Once at the start. */
export function startSkewWatch({ usecase, lake, clock, logger, count }: SkewOptions): { close(): Promise<void> } {
  async function compare(): Promise<void> {
    const now = clock.now();
    const since = now - LOOKS_BACK * EVERY * MINUTE;
    const verified = await verifyServed({ usecase, lake, sample: SAMPLE, seed: now, since });
    count(verified);
    if (verified.mismatches.length === 0) return;
    const features = [...new Set(verified.mismatches.map(({ feature }) => feature))];
    const [{ requestId } = { requestId: '' }] = verified.mismatches;
    logger.warn({ features, found: verified.mismatches.length, requestId }, 'served features differ from the lake');
  }

  let running: Promise<void> | undefined;
  const next = () => {
    // One at a time: on a busy lake a tick passes.
    running ??= compare()
      .catch((err: unknown) => logger.error({ err }, 'served features could not be compared'))
      .finally(() => {
        running = undefined;
      });
  };
  next();
  const timer = setInterval(next, (EVERY * MINUTE) / 1000);
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
