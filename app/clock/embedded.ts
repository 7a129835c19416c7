import type { Clock, Micros } from './port.ts';

export const systemClock: Clock = { now: () => Date.now() * 1000 };

/**
 * A clock for replaying a past stream: starts at `from`, runs `rate` times as fast as the system's, and once it has
 * caught up with the present it *is* the present. A click file of 1997 never catches up; a simulated fortnight does.
 */
export function replayClock(from: Micros, rate: number, system: Clock = systemClock): Clock {
  const started = system.now();
  return {
    now: () => {
      const present = system.now();
      return Math.min(Math.round(from + (present - started) * rate), present);
    },
  };
}
