import type { Micros } from '../clock/port.ts';

/** At most one retraining per cool-down, and never two at once. */
export function coolDown(duration: Micros) {
  let last: Micros | undefined;
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
    /** Says that one was started at this moment elsewhere, e.g. by an earlier process. */
    started(at: Micros): void {
      last = Math.max(last ?? at, at);
    },
  };
}
