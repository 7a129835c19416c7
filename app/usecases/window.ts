import { DAY, HOUR, MINUTE, type Micros, SECOND } from '../clock/port.ts';

type Digit = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A length of event time: a whole number above 0 and `s`, `m`, `h` or `d`, e.g. `'30m'`. No other text compiles. */
export type Duration = `${bigint}${'s' | 'm' | 'h' | 'd'}` & `${Digit}${string}`;

const UNIT = { s: SECOND, m: MINUTE, h: HOUR, d: DAY } as const;

/** @throws RangeError for a text that is not a whole positive number and one of s, m, h, d. */
export function micros(duration: Duration): Micros {
  const match = /^([1-9]\d*)([smhd])$/.exec(duration);
  if (match === null)
    throw new RangeError(`'${duration}' is not a duration; expected a whole number and s, m, h or d, e.g. '30m'`);
  return Number(match[1]) * UNIT[match[2] as keyof typeof UNIT];
}
