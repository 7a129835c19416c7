import { MINUTE, type Micros } from '../clock/port.ts';

/** Caps how many events of one key fall into one minute of event time, so that one bot cannot outweigh a thousand people. */
export function rateCap(perMinute: number | undefined) {
  let counts = new Map<string, number>();
  let older = new Map<string, number>();
  return {
    /** False where the key's minute is full already. */
    admits(key: string, at: Micros): boolean {
      if (perMinute === undefined) return true;
      const slot = `${Math.floor(at / MINUTE)} ${key}`;
      const count = (counts.get(slot) ?? older.get(slot) ?? 0) + 1;
      if (count > perMinute) return false;
      counts.set(slot, count);
      // Two generations bound the memory whatever the number of keys.
      if (counts.size > GENERATION) {
        older = counts;
        counts = new Map();
      }
      return true;
    },
  };
}

const GENERATION = 100_000;
