import { sigmoid } from './trees.ts';

/** probability = sigmoid(slope * margin + shift). */
export interface Calibration {
  readonly slope: number;
  readonly shift: number;
}

export const AS_IT_IS: Calibration = { slope: 1, shift: 0 };

/** Fewer cases of either class say too little about how sure a model may be. */
const LEAST = 20;
const STEPS = 50;

/**
 * Platt scaling ("Probabilistic outputs for support vector machines", 1999, with the targets and Newton's method of Lin,
 * Lin and Weng 2007), from margins of cases that the model has not learnt from.
 */
export function calibrate(margins: ArrayLike<number>, labels: Uint8Array): Calibration {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  if (positives < LEAST || negatives < LEAST) return AS_IT_IS;
  const targets = [1 / (negatives + 2), (positives + 1) / (positives + 2)] as const;
  let [slope, shift] = [1, 0];
  for (let step = 0; step < STEPS; step += 1) {
    let [gSlope, gShift, hSlope, hShift, hBoth] = [0, 0, 1e-9, 1e-9, 0];
    for (let row = 0; row < labels.length; row += 1) {
      const margin = margins[row] as number;
      const p = sigmoid(slope * margin + shift);
      const error = targets[labels[row] === 1 ? 1 : 0] - p;
      const weight = p * (1 - p);
      gSlope += error * margin;
      gShift += error;
      hSlope += weight * margin * margin;
      hShift += weight;
      hBoth += weight * margin;
    }
    const determinant = hSlope * hShift - hBoth * hBoth;
    const bySlope = (hShift * gSlope - hBoth * gShift) / determinant;
    const byShift = (hSlope * gShift - hBoth * gSlope) / determinant;
    slope += bySlope;
    shift += byShift;
    if (Math.abs(bySlope) + Math.abs(byShift) < 1e-9) break;
  }
  // A falling curve would turn the model's order round; then it is left as it is.
  return slope > 0 && Number.isFinite(slope + shift) ? { slope: Math.fround(slope), shift: Math.fround(shift) } : AS_IT_IS;
}
