import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Micros } from './port.ts';

export const systemClock: Clock = { now: () => Date.now() * 1000 };

/** How a replayed stream's time maps to the system's: `from` was `since`, and it runs `rate` times as fast. */
export interface ReplayTime {
  readonly from: Micros;
  readonly since: Micros;
  readonly rate: number;
}

/**
 * A clock for replaying a past stream. Once it has caught up with the present it *is* the present: a click file of
 * 1997 never catches up, a simulated fortnight does.
 */
export function replayClock({ from, since, rate }: ReplayTime, system: Clock = systemClock): Clock {
  return {
    now: () => {
      const present = system.now();
      return Math.min(Math.round(from + (present - since) * rate), present);
    },
  };
}

const file = (dataDir: string) => join(dataDir, 'clock.json');

/** The data folder's clock: the replay that runs there, else the system's. Every process of a platform reads the same. */
export function openClock(dataDir: string): Clock {
  const time = readReplayTime(dataDir);
  return time === undefined ? systemClock : replayClock(time);
}

/** A clock that its one owner may set: held still while a history is taken in, let run when the stream goes live. */
export interface SettableClock extends Clock {
  set(time: ReplayTime): void;
}

/** The owner's clock of a data folder; each setting is kept there for the other processes, from the first `set` on. */
export function ownClock(dataDir: string, time: ReplayTime): SettableClock {
  let clock = replayClock(time);
  return {
    now: () => clock.now(),
    set(next) {
      clock = replayClock(next);
      writeReplayTime(dataDir, next);
    },
  };
}

export function readReplayTime(dataDir: string): ReplayTime | undefined {
  try {
    return JSON.parse(readFileSync(file(dataDir), 'utf8')) as ReplayTime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the mapping in one step, so that a reader sees the old or the new one. */
export function writeReplayTime(dataDir: string, time: ReplayTime): void {
  const draft = `${file(dataDir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(time));
  renameSync(draft, file(dataDir));
}
