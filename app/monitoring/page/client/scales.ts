/** Ranges and ticks of charts. Pure; x is in seconds. */

/** Steps people count time in, seconds: from one second to a week. */
const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
] as const;

/** Ticks at round distances from `origin`, at most about `most` of them between `low` and `high`. */
export function timeSplits(low: number, high: number, most: number, origin = 0): number[] {
  const span = high - low;
  if (!(span > 0)) return [high];
  const step = TIME_STEPS.find((seconds) => span / seconds <= Math.max(1, most)) ?? Math.ceil(span / 604_800) * 604_800;
  const first = origin + Math.ceil((low - origin) / step) * step;
  const ticks: number[] = [];
  for (let tick = first; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

/** From the oldest to the newest second, and never less than `span`. */
export function rangeX(low: number | null, high: number | null, span = 60): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, span];
  return [Math.min(low, high - span), high];
}

/** A little air above the highest value, and never a flat scale. */
export const rangeTop = (high: number | null, atLeast: number): number =>
  Math.max(high === null || !Number.isFinite(high) ? 0 : high * 1.12, atLeast);
