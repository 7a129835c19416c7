import type { Micros } from './port.ts';

/** RFC 3339 in UTC, with six fractional digits where the microseconds are not zero. @throws RangeError outside years 0 to 9999 */
export function formatTimestamp(at: Micros): string {
  const seconds = Math.floor(at / 1_000_000);
  const fraction = at - seconds * 1_000_000;
  const base = new Date(seconds * 1000).toISOString().slice(0, 19);
  return fraction === 0 ? `${base}Z` : `${base}.${String(fraction).padStart(6, '0')}Z`;
}
