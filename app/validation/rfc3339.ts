import type { Micros } from '../clock/port.ts';

const SECONDS_PER_DAY = 86_400;

/**
 * Microseconds since the epoch of an RFC 3339 `date-time` (section 5.6), or undefined where the text is none or names a day
 * or hour that does not exist. Exact to the microsecond; further fractional digits are cut. Offsets count, `-00:00` reads as
 * UTC (section 4.3). A leap second (`:60`, only at 23:59 UTC on the last day of a month) is the second after it, as in POSIX.
 */
export function parseTimestamp(text: string): Micros | undefined {
  const length = text.length;
  if (length < 20 || length > 40) return undefined;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || (text.charCodeAt(10) | 32) !== 116) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // A broken digit is NaN, and NaN meets no comparison.
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return undefined;

  let at = 19;
  let fraction = 0;
  if (text.charCodeAt(at) === 46) {
    const first = ++at;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) {
      if (at - first < 6) fraction = fraction * 10 + digit;
    }
    if (at === first) return undefined;
    for (let digits = at - first; digits < 6; digits++) fraction *= 10;
  }
  const offset = offsetMinutes(text, at);
  if (offset === undefined) return undefined;

  const seconds = daysSinceEpoch(year, month, day) * SECONDS_PER_DAY + hour * 3600 + (minute - offset) * 60 + second;
  if (second === 60 && !endsMonth(seconds)) return undefined;
  const result = seconds * 1_000_000 + fraction;
  return Number.isSafeInteger(result) ? result : undefined;
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function twoDigits(text: string, at: number): number {
  const tens = digitAt(text, at);
  const ones = digitAt(text, at + 1);
  return tens < 0 || ones < 0 ? Number.NaN : tens * 10 + ones;
}

/** Minutes east of UTC of the offset that ends the text at `at`. */
function offsetMinutes(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if ((sign | 32) === 122) return text.length === at + 1 ? 0 : undefined;
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return undefined;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (!(hours <= 23 && minutes <= 59)) return undefined;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, chrono-compatible date algorithms). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** Whether these seconds since the epoch are the first of a month, at midnight UTC. */
function endsMonth(seconds: number): boolean {
  return seconds % SECONDS_PER_DAY === 0 && new Date(seconds * 1000).getUTCDate() === 1;
}
