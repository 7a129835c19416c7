import { confidenceOf } from './als.ts';
import { addOuter, dot, solveInPlace } from './cholesky.ts';

/** What the fold-in needs of a trained model. */
export interface FoldInModel {
  readonly dimensions: number;
  /** Row-major, items x dimensions. */
  readonly itemFactors: Float32Array;
  /** unobservedWeight * YᵀY, row-major, dimensions x dimensions. */
  readonly gram: Float32Array;
  readonly regularization: number;
  /** unobservedWeight * number of items: the constant part of the penalty. */
  readonly penalty: number;
}

/**
 * The user's vector once fresh clicks count: taste + δ, where δ minimises the trainer's objective restricted to the
 * fresh items around the learnt taste, (P + Σ c y yᵀ) δ = Σ c (1 - taste·y) y with
 * P = unobservedWeight YᵀY + λ(n + penalty) I. From no taste this is exactly the trainer's user step.
 * `items` are item indexes, one per event; repeats raise the confidence. Pure; float64 inside, float32 out.
 */
export function foldIn(model: FoldInModel, taste: Float32Array | null, items: readonly number[]): Float32Array {
  const d = model.dimensions;
  if (items.length === 0) return taste ?? new Float32Array(d);
  const counts = new Map<number, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const a = Float64Array.from(model.gram);
  const b = new Float64Array(d);
  // Ascending, so that the same clicks in another order give the same bits.
  for (const item of [...counts.keys()].sort((x, y) => x - y)) {
    const start = item * d;
    const confidence = confidenceOf(counts.get(item) ?? 0);
    addOuter(a, model.itemFactors, start, d, confidence);
    const residual = taste === null ? 1 : 1 - dot(taste, 0, model.itemFactors, start, d);
    for (let k = 0; k < d; k += 1) b[k] = (b[k] as number) + confidence * residual * (model.itemFactors[start + k] as number);
  }
  const ridge = model.regularization * (counts.size + model.penalty);
  for (let k = 0; k < d; k += 1) a[k * d + k] = (a[k * d + k] as number) + ridge;
  solveInPlace(a, b, d);
  return Float32Array.from(b, (value, k) => (taste?.[k] ?? 0) + value);
}
