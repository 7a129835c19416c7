import { capacity } from './errors.ts';
import type { Load } from './plan.ts';

interface Dial {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
}

/** What each dial may be. Beyond the ends a number is a slip of the keyboard, not a load. */
const DIALS: Readonly<Record<keyof Load, Dial>> = {
  dailyUsers: { from: 1, to: 1e9, whole: true },
  eventsPerUser: { from: 0.001, to: 1e5, whole: false },
  peakFactor: { from: 1, to: 1_000, whole: false },
  retentionDays: { from: 1, to: 3_650, whole: true },
};

/** What a stack carries that says nothing about load. */
export const DEFAULT_LOAD: Load = { dailyUsers: 10_000, eventsPerUser: 20, peakFactor: 4, retentionDays: 7 };

const expected = ({ from, to, whole }: Dial): string => `a ${whole ? 'whole ' : ''}number from ${from} to ${to}`;

/**
 * A load within its bounds. `named` says what the one who set a dial calls it.
 * @throws MR_CAPACITY_LOAD_INVALID naming every dial at fault at once
 */
export function checkLoad(
  load: Readonly<Record<keyof Load, unknown>>,
  named: (dial: keyof Load) => string = (dial) => dial,
): Load {
  const faults = (Object.keys(DIALS) as (keyof Load)[]).filter((name) => {
    const { from, to, whole } = DIALS[name];
    const value = load[name];
    return !(typeof value === 'number' && value >= from && value <= to && (!whole || Number.isInteger(value)));
  });
  const [first] = faults;
  if (first === undefined) return load as Load;
  const parts = faults.map((name) => `${named(name)} is ${String(load[name])}, expected ${expected(DIALS[name])}`);
  throw capacity.error('MR_CAPACITY_LOAD_INVALID', parts.join('; '), {
    field: faults.map(named).join(', '),
    value: faults.length === 1 ? load[first] : Object.fromEntries(faults.map((name) => [named(name), load[name]])),
    expected: faults.map((name) => expected(DIALS[name])).join('; '),
  });
}
