import { trainingError } from './errors.ts';

/**
 * Solves A x = b for a symmetric positive definite A of size d (row-major; only its lower triangle is read) by
 * Cholesky's A = L Lᵀ. Overwrites A's lower triangle with L and b with x.
 * @throws MR_TRAINING_NOT_POSITIVE_DEFINITE
 */
export function solveInPlace(a: Float64Array, b: Float64Array, d: number): void {
  for (let i = 0; i < d; i += 1) {
    const row = i * d;
    for (let j = 0; j <= i; j += 1) {
      const other = j * d;
      let sum = a[row + j] as number;
      for (let k = 0; k < j; k += 1) sum -= (a[row + k] as number) * (a[other + k] as number);
      if (j < i) a[row + j] = sum / (a[other + j] as number);
      else if (sum > 0) a[row + i] = Math.sqrt(sum);
      else {
        throw trainingError('MR_TRAINING_NOT_POSITIVE_DEFINITE', `pivot ${i} of ${d} is ${sum}; a pivot must be above 0`, {
          value: sum,
          expected: 'above 0',
        });
      }
    }
    // Forward substitution runs along: row i of L is complete.
    let sum = b[i] as number;
    for (let k = 0; k < i; k += 1) sum -= (a[row + k] as number) * (b[k] as number);
    b[i] = sum / (a[row + i] as number);
  }
  for (let i = d - 1; i >= 0; i -= 1) {
    const x = (b[i] as number) / (a[i * d + i] as number);
    b[i] = x;
    for (let k = 0; k < i; k += 1) b[k] = (b[k] as number) - (a[i * d + k] as number) * x;
  }
}

/** Gram matrix scale * YᵀY of the rows of Y (n x d), both triangles filled. */
export function gram(y: Float32Array, d: number, scale = 1): Float64Array {
  const result = new Float64Array(d * d);
  for (let start = 0; start < y.length; start += d) addOuter(result, y, start, d, 1);
  for (let i = 0; i < d; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const value = scale * (result[i * d + j] as number);
      result[i * d + j] = value;
      result[j * d + i] = value;
    }
  }
  return result;
}

/** Adds weight * y yᵀ to the lower triangle of A, for the vector that starts at `start`. */
export function addOuter(a: Float64Array, y: Float32Array, start: number, d: number, weight: number): void {
  for (let i = 0; i < d; i += 1) {
    const left = weight * (y[start + i] as number);
    const row = i * d;
    for (let j = 0; j <= i; j += 1) a[row + j] = (a[row + j] as number) + left * (y[start + j] as number);
  }
}

export function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, d: number): number {
  let sum = 0;
  for (let k = 0; k < d; k += 1) sum += (a[aStart + k] as number) * (b[bStart + k] as number);
  return sum;
}
