import type { FeatureValue } from '../features/value.ts';

/**
 * Distribution of one value in constant memory. A numeric sketch counts values in bins whose edges come from the
 * reference's quantiles; a categorical one counts the reference's most frequent values. Sketches of one reference
 * merge by adding counts, in any order. Plain JSON.
 */
export type Sketch = NumericSketch | CategoricalSketch;

export interface NumericSketch {
  readonly kind: 'numeric';
  /** Ascending upper edges: bin b holds edges[b-1] < value <= edges[b]; the last bin has no upper edge. */
  readonly edges: readonly number[];
  /** edges.length + 1 bins. */
  readonly counts: number[];
  /** One number: values that were null. */
  readonly nulls: number[];
}

export interface CategoricalSketch {
  readonly kind: 'categorical';
  readonly categories: readonly string[];
  /** categories.length + 1 bins; the last one is every other value. */
  readonly counts: number[];
  readonly nulls: number[];
}

/** Deciles, as is usual for the PSI: a thinly filled bin of a window brings more noise into a distance than it shows of a shift. */
const BINS = 10;
const CATEGORIES = 50;

/**
 * The sketch of a sample, whose bins fit that sample. Numbers make a numeric sketch, anything else a categorical one;
 * a list stands for its first element. Of only nulls it is numeric with one bin.
 */
export function makeReference(values: readonly FeatureValue[]): Sketch {
  const plain = values.map(scalar);
  const numbers = plain.filter((value) => typeof value === 'number');
  const isNumeric = plain.every((value) => value === null || typeof value === 'number');
  const sketch: Sketch = isNumeric
    ? { kind: 'numeric', edges: quantileEdges(numbers), counts: [], nulls: [0] }
    : { kind: 'categorical', categories: mostFrequent(plain), counts: [], nulls: [0] };
  const filled = emptyLike(sketch);
  for (const value of plain) add(filled, value);
  return filled;
}

/** A sketch with the same bins and no values. */
export function emptyLike(reference: Sketch): Sketch {
  const bins = (reference.kind === 'numeric' ? reference.edges : reference.categories).length + 1;
  return { ...reference, counts: new Array<number>(bins).fill(0), nulls: [0] };
}

/** Counts one value, in place. A value of another kind than the sketch's counts as null. */
export function add(sketch: Sketch, value: FeatureValue): void {
  const bin = binOf(sketch, scalar(value));
  if (bin === undefined) sketch.nulls[0] = (sketch.nulls[0] ?? 0) + 1;
  else sketch.counts[bin] = (sketch.counts[bin] ?? 0) + 1;
}

/** The sketch of both samples together. @throws RangeError where the bins differ */
export function merge(a: Sketch, b: Sketch): Sketch {
  sameBins(a, b);
  const sum = (x: readonly number[], y: readonly number[]) => x.map((count, bin) => count + (y[bin] ?? 0));
  return { ...a, counts: sum(a.counts, b.counts), nulls: sum(a.nulls, b.nulls) };
}

export const sizeOf = (sketch: Sketch): number => sketch.counts.reduce((sum, count) => sum + count, sketch.nulls[0] ?? 0);

/**
 * Population stability index Σ (p - q) ln(p / q) over all bins and nulls; below 0.1 is usually read as stable, above 0.25
 * as shifted. Half a count is added to each bin, so that an empty one stays finite. 0 where a sample is empty.
 */
export function psi(a: Sketch, b: Sketch): number {
  return distance(a, b, (left, right) => {
    const p = shares(left, 0.5);
    const q = shares(right, 0.5);
    return p.reduce((sum, share, bin) => sum + (share - at(q, bin)) * Math.log(share / at(q, bin)), 0);
  });
}

/**
 * Kolmogorov-Smirnov distance at the bin edges: the largest difference of the distribution functions, nulls below every
 * value. Of a categorical sketch it is the largest difference of one category's share.
 */
export function ks(a: Sketch, b: Sketch): number {
  return distance(a, b, (left, right) => {
    const p = shares(left, 0);
    const q = shares(right, 0);
    let [difference, largest] = [0, 0];
    p.forEach((share, bin) => {
      const here = share - at(q, bin);
      difference = a.kind === 'numeric' ? difference + here : here;
      largest = Math.max(largest, Math.abs(difference));
    });
    return largest;
  });
}

/** Jensen-Shannon distance: the square root of the divergence in bits, from 0 (equal) to 1 (nothing in common). */
export function js(a: Sketch, b: Sketch): number {
  return distance(a, b, (left, right) => {
    const p = shares(left, 0);
    const q = shares(right, 0);
    const toMiddle = (x: readonly number[], y: readonly number[]) =>
      x.reduce((sum, share, bin) => (share === 0 ? sum : sum + share * Math.log2((2 * share) / (share + at(y, bin)))), 0);
    return Math.sqrt(Math.min(1, Math.max(0, (toMiddle(p, q) + toMiddle(q, p)) / 2)));
  });
}

function distance(a: Sketch, b: Sketch, of: (a: readonly number[], b: readonly number[]) => number): number {
  sameBins(a, b);
  if (sizeOf(a) === 0 || sizeOf(b) === 0) return 0;
  return of([...a.nulls, ...a.counts], [...b.nulls, ...b.counts]);
}

function shares(counts: readonly number[], prior: number): number[] {
  const total = counts.reduce((sum, count) => sum + count + prior, 0);
  return counts.map((count) => (count + prior) / total);
}

const at = (values: readonly number[], bin: number) => values[bin] ?? 0;

function scalar(value: FeatureValue): number | string | boolean | null {
  if (value instanceof Float32Array) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || typeof value !== 'object') return value;
  return value[0] ?? null;
}

function binOf(sketch: Sketch, value: number | string | boolean | null): number | undefined {
  if (value === null) return undefined;
  if (sketch.kind === 'categorical') {
    const known = sketch.categories.indexOf(String(value));
    return known === -1 ? sketch.categories.length : known;
  }
  if (typeof value !== 'number') return undefined;
  let [low, high] = [0, sketch.edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (sketch.edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Quantiles that split the sample into bins of about one size; a value that fills several of them makes one bin. */
function quantileEdges(numbers: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(numbers).sort();
  const edges = new Set<number>();
  for (let bin = 1; bin < BINS && sorted.length > 0; bin += 1) {
    const edge = sorted[Math.ceil((bin / BINS) * sorted.length) - 1] as number;
    // An edge at the greatest value would leave an empty bin above it in every sample of this range.
    if (edge < (sorted.at(-1) as number)) edges.add(edge);
  }
  return [...edges];
}

function mostFrequent(values: readonly (number | string | boolean | null)[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return [...counts.entries()]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, CATEGORIES)
    .map(([category]) => category);
}

function sameBins(a: Sketch, b: Sketch): void {
  const of = (sketch: Sketch) => (sketch.kind === 'numeric' ? sketch.edges : sketch.categories);
  if (a.kind === b.kind && of(a).length === of(b).length && of(a).every((edge, bin) => edge === of(b)[bin])) return;
  throw new RangeError('only sketches of one reference can be merged or compared; their bins differ');
}
