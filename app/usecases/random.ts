/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna 2018), its state filled by a hash of the keys. The same keys give
 * the same stream on every machine, and streams of different keys are independent, so any part of a world can be made alone.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  unit(): number;
  /** Uniform whole number in [0, below). */
  below(below: number): number;
}

export function randomOf(...keys: readonly number[]): Random {
  let hash = 0x9e3779b9;
  for (const key of keys) {
    // Both halves of a whole number above 32 bits count.
    hash = mix(hash ^ (key | 0));
    hash = mix(hash + Math.floor(key / 2 ** 32));
  }
  const word = (): number => {
    hash = (hash + 0x9e3779b9) | 0;
    return mix(hash);
  };
  let a = word();
  let b = word();
  let c = word();
  let d = word() | 1; // all zeros is the one state that never leaves
  const unit = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return (result >>> 0) / 2 ** 32;
  };
  return { unit, below: (below) => Math.floor(unit() * below) };
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Finaliser of MurmurHash3. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export const between = (random: Random, low: number, high: number): number => low + (high - low) * random.unit();

/** Standard normal by Box and Muller (1958). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());

/** Number of events of a Poisson process of this mean; by inversion in chunks of 30, so that exp(-mean) never underflows. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 30) {
    let product = random.unit();
    for (const floor = Math.exp(-Math.min(left, 30)); product > floor; count++) product *= random.unit();
  }
  return count;
}

/** Failures before the first success, for the given mean. */
export const geometric = (random: Random, mean: number): number =>
  Math.floor(Math.log(1 - random.unit()) / Math.log(mean / (mean + 1)));

/** Running sums of weights, to draw an index by. */
export function cumulate(weights: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
}

/** An index with probability proportional to its weight. */
export function draw(random: Random, cumulated: Float64Array): number {
  const target = random.unit() * (cumulated.at(-1) ?? 0);
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (target < (cumulated[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Weights of Zipf's law, 1 / rank^exponent. */
export const zipf = (count: number, exponent: number): readonly number[] =>
  Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
