import { addOuter, solveInPlace } from '../cholesky.ts';
import { type Cases, sigmoid } from './trees.ts';

/** Logistic regression over columns that are compressed by asinh, then centred and scaled: margin = base + Σ w z. */
export interface Logistic {
  readonly kind: 'logistic';
  readonly base: number;
  readonly weights: Float32Array;
  readonly centre: Float32Array;
  readonly scale: Float32Array;
}

const STEPS = 25;
const ENOUGH = 1e-8;

/**
 * Newton's method on log-loss + ridge/2 ‖w‖² (the base is not punished). Amounts have long tails, so each column goes
 * through asinh, which is linear near 0 and a logarithm far out. Deterministic.
 */
export function fitLogistic(cases: Cases, parameters: { readonly ridge: number }): Logistic {
  const { x, width, labels } = cases;
  const size = labels.length;
  const [centre, scale] = [new Float32Array(width), new Float32Array(width)];
  for (let column = 0; column < width; column += 1) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < size; row += 1) {
      const value = squash(x[row * width + column] as number);
      sum += value;
      squares += value * value;
    }
    const mean = sum / Math.max(1, size);
    centre[column] = mean;
    // A column of one value stays at 0.
    scale[column] = 1 / Math.max(1e-3, Math.sqrt(Math.max(0, squares / Math.max(1, size) - mean * mean)));
  }
  const d = width + 1;
  const w = new Float64Array(d);
  const z = new Float32Array(d);
  for (let step = 0; step < STEPS; step += 1) {
    const a = new Float64Array(d * d);
    const b = new Float64Array(d);
    for (let row = 0; row < size; row += 1) {
      standardise(x, row * width, centre, scale, z);
      const p = sigmoid(sumOf(w, z));
      addOuter(a, z, 0, d, p * (1 - p));
      for (let k = 0; k < d; k += 1) b[k] = (b[k] as number) + ((labels[row] as number) - p) * (z[k] as number);
    }
    for (let k = 0; k < d; k += 1) {
      const ridge = k === width ? 1e-6 : parameters.ridge;
      a[k * d + k] = (a[k * d + k] as number) + ridge;
      b[k] = (b[k] as number) - ridge * (w[k] as number);
    }
    solveInPlace(a, b, d);
    // A step is cut to length 4: from far out a full Newton step can overshoot.
    const length = Math.sqrt(b.reduce((sum, value) => sum + value * value, 0));
    const cut = Math.min(1, 4 / Math.max(length, 1e-12));
    for (let k = 0; k < d; k += 1) w[k] = (w[k] as number) + cut * (b[k] as number);
    if (length < ENOUGH) break;
  }
  return {
    kind: 'logistic',
    base: Math.fround(w[width] as number),
    weights: Float32Array.from(w.subarray(0, width)),
    centre,
    scale,
  };
}

/** The margin of one row of columns; the graph's calculation in plain TypeScript. */
export function logisticMargin({ base, weights, centre, scale }: Logistic, x: ArrayLike<number>): number {
  let margin = base;
  for (let k = 0; k < weights.length; k += 1)
    margin += (weights[k] as number) * (squash(x[k] as number) - (centre[k] as number)) * (scale[k] as number);
  return margin;
}

const squash = (value: number): number => Math.asinh(value);

/** The last entry is 1: the base is a weight like the others. */
function standardise(x: Float32Array, from: number, centre: Float32Array, scale: Float32Array, z: Float32Array): void {
  for (let k = 0; k < centre.length; k += 1)
    z[k] = (squash(x[from + k] as number) - (centre[k] as number)) * (scale[k] as number);
  z[centre.length] = 1;
}

function sumOf(w: Float64Array, z: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < w.length; k += 1) sum += (w[k] as number) * (z[k] as number);
  return sum;
}
