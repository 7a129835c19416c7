/**
 * Adds Σ w y yᵀ of gathered vectors to the lower triangle of A (d x d, row-major). `columns` holds the vectors by
 * coordinate, each times the root of its weight: coordinate k of vector e is at k * count + e. Blocks of two by two
 * coordinates keep four sums in registers, so that each number loaded serves two products.
 */
export function addWeightedGram(a: Float64Array, columns: Float64Array, count: number, d: number): void {
  for (let i = 0; i < d; i += 2) {
    const i0 = i * count;
    // The last coordinate of an odd number stands in for its missing neighbour; the sum is then thrown away.
    const i1 = i + 1 < d ? i0 + count : i0;
    for (let j = 0; j <= i; j += 2) {
      const j0 = j * count;
      const j1 = j + 1 < d ? j0 + count : j0;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let e = 0; e < count; e += 1) {
        const x0 = columns[i0 + e] as number;
        const x1 = columns[i1 + e] as number;
        const y0 = columns[j0 + e] as number;
        const y1 = columns[j1 + e] as number;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s10 += x1 * y0;
        s11 += x1 * y1;
      }
      const at = i * d + j;
      a[at] = (a[at] as number) + s00;
      if (j < i) a[at + 1] = (a[at + 1] as number) + s01;
      if (i + 1 < d) {
        a[at + d] = (a[at + d] as number) + s10;
        if (j + 1 < d) a[at + d + 1] = (a[at + d + 1] as number) + s11;
      }
    }
  }
}
