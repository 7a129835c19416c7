const LEAST_DAYS = 14;
const MINUTES_A_DAY = 1_440;

/**
 * How long the log keeps the position of a consumer that is not there: as long as its events, and two weeks at least. Kafka's own
 * week would let one that was scaled to zero or stopped over a holiday begin anew, at the oldest event.
 */
export const offsetMinutes = (retentionDays: number): number => Math.max(LEAST_DAYS, retentionDays) * MINUTES_A_DAY;
