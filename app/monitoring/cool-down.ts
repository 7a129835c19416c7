import type { Micros } from '../clock/port.ts';

/** At most one retraining per cool-down, and never two at once. */
export function coolDown(duration: Micros, lastStarted: Micros | undefined = undefined) {
  let last = lastStarted;
  let running = false;
  return {
    /** True where a retraining may start now; it then counts as running until `ended`. */
    tryStart(now: Micros): boolean {
      if (running || (last !== undefined && now - last < duration)) return false;
      running = true;
      last = now;
      return true;
    },
    ended(): void {
      running = false;
    },
    lastStarted: (): Micros | undefined => last,
    /** When the next one may start; now or earlier means at once. */
    opensAt: (): Micros => (last === undefined ? 0 : last + duration),
  };
}
