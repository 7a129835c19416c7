import { dot, gram, solveInPlace } from './cholesky.ts';
import { trainingError } from './errors.ts';
import type { Matrix, SparseRows } from './interactions.ts';
import { seededRandom } from './random.ts';
import { addWeightedGram } from './weighted-gram.ts';

/**
 * Implicit matrix factorisation by alternating least squares: Hu, Koren, Volinsky, "Collaborative filtering for implicit
 * feedback datasets" (ICDM 2008), with the objective of Rendle et al., "Revisiting the performance of iALS" (RecSys 2022):
 *
 *   L = Σ_seen c(1 - x·y)² + w Σ_all (x·y)² + λ(Σ_u (n_u + w·items)‖x_u‖² + Σ_i (n_i + w·users)‖y_i‖²)
 *
 * c = log2(1 + r) grows with the label weight r (Hu's eq. 6 in base 2, so one view has c = 1), and w = 1/alpha is the
 * weight of what nobody touched. The penalty grows with the row's size (Rendle's ν = 1).
 */
export interface AlsParameters {
  readonly factors: number;
  readonly regularization: number;
  readonly alpha: number;
  readonly iterations: number;
}

export interface Factorisation {
  readonly dimensions: number;
  /** Row-major, users x dimensions; each row solves its system exactly for the final item factors. */
  readonly users: Float32Array;
  /** Row-major, items x dimensions. */
  readonly items: Float32Array;
  /** L after each iteration. */
  readonly objective: readonly number[];
}

/** Confidence of a pair whose label weights sum to `weight`. */
export const confidenceOf = (weight: number): number => Math.log1p(weight) / Math.LN2;

/** @throws MR_TRAINING_PARAMETER */
export function checkParameters(parameters: AlsParameters): void {
  const ranges = { factors: [1, 512], regularization: [1e-9, 1e6], alpha: [1e-6, 1e9], iterations: [1, 200] } as const;
  for (const name of Object.keys(ranges) as (keyof typeof ranges)[]) {
    const [least, most] = ranges[name];
    const value = parameters[name];
    const whole = name === 'factors' || name === 'iterations';
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) continue;
    const expected = `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`;
    throw trainingError('MR_TRAINING_PARAMETER', `${name} is ${value}; expected ${expected}`, { field: name, value, expected });
  }
}

/** Deterministic: equal matrix, parameters and seed give equal bits. Throws what `checkParameters` throws. */
export function factorise(matrix: Matrix, parameters: AlsParameters, seed: number): Factorisation {
  checkParameters(parameters);
  const d = parameters.factors;
  const unobserved = 1 / parameters.alpha;
  const random = seededRandom(seed);
  const users = new Float32Array(matrix.userIds.length * d);
  const items = Float32Array.from({ length: matrix.itemIds.length * d }, () => ((random() - 0.5) * 0.35) / Math.sqrt(d));
  const byUser = withConfidence(matrix.byUser);
  const byItem = withConfidence(matrix.byItem);
  const penalty = { users: unobserved * matrix.itemIds.length, items: unobserved * matrix.userIds.length };
  const half = { d, unobserved, regularization: parameters.regularization };
  const objective: number[] = [];
  for (let iteration = 0; iteration < parameters.iterations; iteration += 1) {
    solveRows(users, items, byUser, penalty.users, half);
    solveRows(items, users, byItem, penalty.items, half);
    objective.push(loss(users, items, byUser, byItem, penalty, half));
  }
  solveRows(users, items, byUser, penalty.users, half);
  return { dimensions: d, users, items, objective };
}

type Half = { readonly d: number; readonly unobserved: number; readonly regularization: number };

const countOf = (rows: SparseRows, row: number) => (rows.start[row + 1] as number) - (rows.start[row] as number);

const withConfidence = (rows: SparseRows): SparseRows => ({ ...rows, weight: rows.weight.map(confidenceOf) });

/** Sets every row of `target` to the minimiser of L with `fixed` held. */
function solveRows(target: Float32Array, fixed: Float32Array, rows: SparseRows, penalty: number, half: Half): void {
  const { d } = half;
  const base = gram(fixed, d, half.unobserved);
  const a = new Float64Array(d * d);
  const b = new Float64Array(d);
  let longest = 0;
  for (let row = 0; row + 1 < rows.start.length; row += 1) longest = Math.max(longest, countOf(rows, row));
  const columns = new Float64Array(longest * d);
  for (let row = 0; row + 1 < rows.start.length; row += 1) {
    const from = rows.start[row] as number;
    const count = countOf(rows, row);
    a.set(base);
    b.fill(0);
    for (let e = 0; e < count; e += 1) {
      const start = (rows.column[from + e] as number) * d;
      const root = Math.sqrt(rows.weight[from + e] as number);
      for (let k = 0; k < d; k += 1) {
        const scaled = root * (fixed[start + k] as number);
        columns[k * count + e] = scaled;
        b[k] = (b[k] as number) + root * scaled;
      }
    }
    addWeightedGram(a, columns, count, d);
    const ridge = half.regularization * (count + penalty);
    for (let k = 0; k < d; k += 1) a[k * d + k] = (a[k * d + k] as number) + ridge;
    solveInPlace(a, b, d);
    target.set(b, row * d);
  }
}

function loss(
  users: Float32Array,
  items: Float32Array,
  byUser: SparseRows,
  byItem: SparseRows,
  penalty: { readonly users: number; readonly items: number },
  { d, unobserved, regularization }: Half,
): number {
  let seen = 0;
  for (let row = 0; row + 1 < byUser.start.length; row += 1) {
    for (let entry = byUser.start[row] as number; entry < (byUser.start[row + 1] as number); entry += 1) {
      const miss = 1 - dot(users, row * d, items, (byUser.column[entry] as number) * d, d);
      seen += (byUser.weight[entry] as number) * miss * miss;
    }
  }
  // Σ_all (x·y)² is the inner product of the two Gram matrices.
  const left = gram(users, d);
  const all = gram(items, d).reduce((sum, value, index) => sum + value * (left[index] as number), 0);
  const ridge = norms(users, byUser, penalty.users, d) + norms(items, byItem, penalty.items, d);
  return seen + unobserved * all + regularization * ridge;
}

function norms(vectors: Float32Array, rows: SparseRows, penalty: number, d: number): number {
  let sum = 0;
  for (let row = 0; row + 1 < rows.start.length; row += 1) {
    sum += (countOf(rows, row) + penalty) * dot(vectors, row * d, vectors, row * d, d);
  }
  return sum;
}
