/**
 * Sum of whole numbers: exact while it is within ±2^53, else the double nearest to the exact sum.
 * Partial sums may leave ±2^53: the slow path then adds big integers.
 */
export function sumLongs(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  if (values.length < 2 || values.every((value) => Math.abs(value) * values.length <= Number.MAX_SAFE_INTEGER)) return sum + 0;
  return Number(values.reduce((total, value) => total + BigInt(value), 0n));
}

/**
 * Compensated sum of doubles in the given order (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation").
 * `sql.ts` writes the same steps, so both sides give the same bits. Not finite where the sum overflows.
 */
export function sumDoubles(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost + 0;
}
