/** Statistics that a few wild values cannot move. */

/** Middle of the values, mean of the two middle ones where their number is even; NaN of none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Where the values lie and how far they spread, in units of a standard deviation under normality. */
export interface Spread {
  readonly median: number;
  readonly scale: number;
}

/**
 * Median and scaled median absolute deviation, 1.4826·MAD. Where more than half of the values are one value the MAD is 0 and
 * the mean absolute deviation, 1.2533·mean|x - median|, stands in (Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers).
 */
export function spread(values: ArrayLike<number>): Spread {
  const middle = median(values);
  const deviations = Float64Array.from(values, (value) => Math.abs(value - middle));
  const mad = median(deviations);
  if (mad > 0) return { median: middle, scale: 1.4826 * mad };
  const mean = deviations.reduce((sum, deviation) => sum + deviation, 0) / Math.max(deviations.length, 1);
  return { median: middle, scale: 1.2533 * mean };
}

/** How many scales a value lies from the median; 0 at the median, even where nothing spreads. */
export function robustZ(value: number, { median: middle, scale }: Spread): number {
  const distance = Math.abs(value - middle);
  return distance === 0 ? 0 : distance / scale;
}

/**
 * Lower end of Wilson's score interval (1927) of `hits` in `n`, at `z` standard errors. A share counts as too large only where
 * this exceeds the limit, so that one null in a batch of two is no evidence and forty in a hundred are.
 * @param z default 3: one false alarm in about 700 batches that sit exactly at the limit
 */
export function shareAtLeast(hits: number, n: number, z = 3): number {
  if (n === 0) return 0;
  const share = hits / n;
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  // Rounding may leave a hair above the share itself.
  return Math.min(share, Math.max(0, (centre - half) / (1 + (z * z) / n)));
}
