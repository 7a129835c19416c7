import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** @default 120000 */
  readonly timeoutMs?: number;
  /** @default 150 */
  readonly everyMs?: number;
}

/**
 * Waits until `probe` gives something other than undefined and false, and returns that. An error of the probe counts as
 * not yet; after the time-out the wait fails with `what` and the probe's last error.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 120_000, everyMs = 150 }: Patience = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (let last: unknown; ; ) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms still not so: ${what}`, { cause: last });
    await sleep(everyMs);
  }
}

/** Thrown by a probe when waiting longer cannot help. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}
