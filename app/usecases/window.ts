import { DAY, HOUR, type Micros, MINUTE, SECOND } from '../clock/port.ts';

/** A length of event time: a whole number and `s`, `m`, `h` or `d`, e.g. `'30m'`. */
export type Duration = `${bigint}${'s' | 'm' | 'h' | 'd'}`;

const UNIT = { s: SECOND, m: MINUTE, h: HOUR, d: DAY } as const;

/** @throws RangeError for a text that is not a whole positive number and one of s, m, h, d. */
export function micros(duration: Duration): Micros {
  const match = /^([1-9]\d*)([smhd])$/.exec(duration);
  if (match === null) throw new RangeError(`'${duration}' is not a duration; expected a whole number and s, m, h or d, e.g. '30m'`);
  return Number(match[1]) * UNIT[match[2] as keyof typeof UNIT];
}
