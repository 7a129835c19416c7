/**
 * Population stability index, Σ (aᵢ - rᵢ)·ln(aᵢ / rᵢ) over the shares of each bin (Siddiqi 2006, Credit Risk Scorecards);
 * below 0.1 counts as stable, above 0.25 as moved. Half a row is added to each bin (Jeffreys), so that an empty one stays finite.
 */
export function psi(reference: readonly number[], actual: readonly number[]): number {
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, counts.length / 2);
  const referenceTotal = total(reference);
  const actualTotal = total(actual);
  let sum = 0;
  for (const [bin, count] of reference.entries()) {
    const before = (count + 0.5) / referenceTotal;
    const after = ((actual[bin] ?? 0) + 0.5) / actualTotal;
    sum += (after - before) * Math.log(after / before);
  }
  return sum;
}

/** Index of the bin of ascending inner edges: bin i holds the values in (edge i-1, edge i], the last all above. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Inner edges that cut the values into at most `bins` parts of about equal size; fewer where values repeat. */
export function quantileEdges(values: ArrayLike<number>, bins: number): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  const edges = new Set<number>();
  for (let bin = 1; bin < bins; bin++) {
    const edge = sorted[Math.floor((bin * sorted.length) / bins)];
    if (edge !== undefined && edge < (sorted[sorted.length - 1] as number)) edges.add(edge);
  }
  return [...edges];
}

export function countBins(edges: readonly number[], values: ArrayLike<number>): readonly number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (let index = 0; index < values.length; index++) {
    const bin = binOf(edges, values[index] as number);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}
