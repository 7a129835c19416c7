import { setTimeout } from 'node:timers/promises';

/** Waits, or less where the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

interface Waiter {
  readonly offsets: readonly number[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Those who wait until a consumer has reached some offsets. */
export class Waiters {
  #waiting: Waiter[] = [];
  #wake = new AbortController();

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  /** Aborts when the next one begins to wait. */
  wake(): AbortSignal {
    this.#wake = new AbortController();
    return this.#wake.signal;
  }

  /** Resolves when `reached` is told positions at or past the offsets; at once where `now` is. */
  until(offsets: readonly number[], now: readonly number[]): Promise<void> {
    if (isPast(now, offsets)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offsets, resolve, reject });
      this.#wake.abort();
    });
  }

  reached(positions: readonly number[]): void {
    this.#settle(
      (waiter) => isPast(positions, waiter.offsets),
      (waiter) => waiter.resolve(),
    );
  }

  fail(reason: unknown): void {
    this.#settle(
      () => true,
      (waiter) => waiter.reject(reason),
    );
  }

  #settle(which: (waiter: Waiter) => boolean, settle: (waiter: Waiter) => void): void {
    const done = this.#waiting.filter(which);
    this.#waiting = this.#waiting.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) settle(waiter);
  }
}

const isPast = (positions: readonly number[], offsets: readonly number[]) =>
  offsets.every((offset, index) => (positions[index] ?? 0) >= offset);
