/** Microseconds since 1970-01-01T00:00Z, the one unit of time in the project. Safe as a number until the year 2255. */
export type Micros = number;

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;
export const DAY: Micros = 24 * HOUR;

/** What time it is for the platform. Everything that compares event times with "now" asks here. */
export interface Clock {
  now(): Micros;
}
