import type { Interval } from '../registry/release.ts';
import { seededRandom } from './random.ts';

export interface BootstrapOptions {
  readonly seed: number;
  /** Share of resamples inside the interval. @default 0.95 */
  readonly confidence?: number;
  /** @default 1000 */
  readonly resamples?: number;
}

/**
 * Percentile bootstrap (Efron 1979): `statistic` of `size` indexes drawn with replacement, many times. The value itself
 * is the statistic of all indexes once. Of nothing it is 0 with the interval [0, 0].
 */
export function bootstrap(size: number, statistic: (indexes: Int32Array) => number, options: BootstrapOptions): Interval {
  if (size === 0) return { value: 0, low: 0, high: 0 };
  const random = seededRandom(options.seed);
  const resamples = options.resamples ?? 1000;
  const draw = new Int32Array(size);
  const values = Float64Array.from({ length: resamples }, () => {
    for (let position = 0; position < size; position += 1) draw[position] = Math.floor(random() * size);
    return statistic(draw);
  }).sort();
  const tail = (1 - (options.confidence ?? 0.95)) / 2;
  return {
    value: statistic(Int32Array.from({ length: size }, (_, index) => index)),
    low: quantile(values, tail),
    high: quantile(values, 1 - tail),
  };
}

/** Interval of the mean. */
export const meanInterval = (values: ArrayLike<number>, options: BootstrapOptions): Interval =>
  bootstrap(values.length, (indexes) => meanOf(values, indexes), options);

/** Interval of mean(a - b) over the same users, index by index. */
export function pairedDifference(a: ArrayLike<number>, b: ArrayLike<number>, options: BootstrapOptions): Interval {
  if (a.length !== b.length) throw new RangeError(`paired samples need one length; got ${a.length} and ${b.length}`);
  return meanInterval(
    Float64Array.from(a, (value, index) => value - (b[index] as number)),
    options,
  );
}

function meanOf(values: ArrayLike<number>, indexes: Int32Array): number {
  let sum = 0;
  for (const index of indexes) sum += values[index] as number;
  return sum / indexes.length;
}

/** Linear between the two nearest order statistics. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}
