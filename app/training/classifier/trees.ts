/**
 * Gradient-boosted oblivious trees for log-loss (Friedman, "Greedy function approximation", 2001, with the second-order
 * gain of Chen and Guestrin, XGBoost, 2016). A tree asks the same question at every node of a level (Prokhorenkova et
 * al., CatBoost, 2018), so its leaf is the number that the answers spell, and a graph of tensors can look it up.
 */
export interface Trees {
  readonly kind: 'boosted-trees';
  readonly depth: number;
  /** Margin before the first tree: the log-odds of the training set. */
  readonly base: number;
  /** `depth` a tree, tree by tree: the column asked about, and the value above which the answer is 1. */
  readonly column: Int32Array;
  readonly threshold: Float32Array;
  /** 2^depth a tree, tree by tree; answer of level l is bit l of the index. */
  readonly leaf: Float32Array;
}

export interface TreeParameters {
  readonly trees: number;
  readonly depth: number;
  readonly learningRate: number;
  readonly ridge: number;
}

/** Rows of `width` columns, row-major. */
export interface Cases {
  readonly x: Float32Array;
  readonly width: number;
  readonly labels: Uint8Array;
}

const MAX_BINS = 32;
/** Greatest float32; `encode` keeps every column far below it. */
const GREATEST = 3.4028234663852886e38;
/** Least second-order weight of a leaf's side: fewer cases than this say nothing. */
const LEAST_WEIGHT = 1;

/** Deterministic: equal cases and parameters give equal bits. */
export function growTrees(cases: Cases, parameters: TreeParameters): Trees {
  const { labels, width } = cases;
  const size = labels.length;
  const { depth, ridge } = parameters;
  const borders = Array.from({ length: width }, (_, column) => bordersOf(cases, column));
  const bins = binned(cases, borders);
  const base = logOdds(labels);
  const margin = new Float64Array(size).fill(base);
  const gradient = new Float64Array(size);
  const weight = new Float64Array(size);
  const leafOf = new Int32Array(size);
  const column = new Int32Array(parameters.trees * depth);
  const threshold = new Float32Array(parameters.trees * depth).fill(GREATEST);
  const leaf = new Float32Array(parameters.trees * 2 ** depth);
  for (let tree = 0; tree < parameters.trees; tree += 1) {
    for (let row = 0; row < size; row += 1) {
      const p = sigmoid(margin[row] as number);
      gradient[row] = (labels[row] as number) - p;
      weight[row] = p * (1 - p);
    }
    leafOf.fill(0);
    for (let level = 0; level < depth; level += 1) {
      const split = bestSplit({ bins, borders, size, leafOf, gradient, weight, leaves: 2 ** level, ridge });
      // Without a split that gains, the answer is 0 everywhere: no column holds anything above GREATEST.
      if (split === undefined) continue;
      column[tree * depth + level] = split.column;
      threshold[tree * depth + level] = borders[split.column]?.[split.bin] as number;
      const own = bins[split.column] as Uint8Array;
      for (let row = 0; row < size; row += 1) {
        if ((own[row] as number) > split.bin) leafOf[row] = (leafOf[row] as number) | (1 << level);
      }
    }
    const sums = new Float64Array(2 ** depth * 2);
    for (let row = 0; row < size; row += 1) {
      const at = (leafOf[row] as number) * 2;
      sums[at] = (sums[at] as number) + (gradient[row] as number);
      sums[at + 1] = (sums[at + 1] as number) + (weight[row] as number);
    }
    const from = tree * 2 ** depth;
    for (let index = 0; index < 2 ** depth; index += 1)
      leaf[from + index] = (parameters.learningRate * (sums[index * 2] as number)) / ((sums[index * 2 + 1] as number) + ridge);
    for (let row = 0; row < size; row += 1)
      margin[row] = (margin[row] as number) + (leaf[from + (leafOf[row] as number)] as number);
  }
  return { kind: 'boosted-trees', depth, base, column, threshold, leaf };
}

/** The margin of one row of columns; the graph's calculation in plain TypeScript. */
export function treeMargin(trees: Trees, x: ArrayLike<number>): number {
  const { depth } = trees;
  let margin = trees.base;
  for (let tree = 0; tree * depth < trees.column.length; tree += 1) {
    let index = 0;
    for (let level = 0; level < depth; level += 1) {
      const at = tree * depth + level;
      if ((x[trees.column[at] as number] as number) > (trees.threshold[at] as number)) index |= 1 << level;
    }
    margin += trees.leaf[tree * 2 ** depth + index] as number;
  }
  return margin;
}

export const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

function logOdds(labels: Uint8Array): number {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  // Half a case of each class keeps the odds finite.
  return Math.fround(Math.log((positives + 0.5) / (labels.length - positives + 0.5)));
}

/** At most 31 values that part the column into bins of about one size, ascending; none where it has one value. */
export function bordersOf({ x, width, labels }: Cases, column: number): Float32Array {
  const sorted = Float32Array.from(labels, (_, row) => x[row * width + column] as number).sort();
  const borders: number[] = [];
  for (let bin = 1; bin < MAX_BINS && sorted.length > 0; bin += 1) {
    const border = sorted[Math.ceil((bin / MAX_BINS) * sorted.length) - 1] as number;
    if (border < (sorted.at(-1) as number) && border !== borders.at(-1)) borders.push(border);
  }
  // A rare flag fills less than one bin; its border is the value below the greatest.
  if (borders.length === 0 && sorted.length > 0 && sorted[0] !== sorted.at(-1)) borders.push(sorted[0] as number);
  return Float32Array.from(borders);
}

/** By column: how many borders lie below each row's value. */
function binned({ x, width, labels }: Cases, borders: readonly Float32Array[]): readonly Uint8Array[] {
  return borders.map((own, column) => Uint8Array.from(labels, (_, row) => binOf(own, x[row * width + column] as number)));
}

/** How many borders lie below the value. */
export function binOf(borders: Float32Array, value: number): number {
  let [low, high] = [0, borders.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((borders[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Level {
  readonly bins: readonly Uint8Array[];
  readonly borders: readonly Float32Array[];
  readonly size: number;
  readonly leafOf: Int32Array;
  readonly gradient: Float64Array;
  readonly weight: Float64Array;
  readonly leaves: number;
  readonly ridge: number;
}

/** The question that gains most over all leaves of the level; of equal ones the first column's lowest border. */
function bestSplit(level: Level): { readonly column: number; readonly bin: number } | undefined {
  const { bins, borders, size, leafOf, gradient, weight, leaves, ridge } = level;
  let best: { readonly column: number; readonly bin: number; readonly gain: number } | undefined;
  // Both sums of a bin lie side by side: one look-up of memory serves both.
  const sums = new Float64Array(leaves * MAX_BINS * 2);
  for (const [column, own] of bins.entries()) {
    const count = (borders[column] as Float32Array).length;
    if (count === 0) continue;
    sums.fill(0);
    for (let row = 0; row < size; row += 1) {
      const at = ((leafOf[row] as number) * MAX_BINS + (own[row] as number)) * 2;
      sums[at] = (sums[at] as number) + (gradient[row] as number);
      sums[at + 1] = (sums[at + 1] as number) + (weight[row] as number);
    }
    const gains = gainsOf(sums, leaves, count, ridge);
    for (let bin = 0; bin < count; bin += 1) {
      const gain = gains[bin] as number;
      if (gain > 1e-9 && (best === undefined || gain > best.gain)) best = { column, bin, gain };
    }
  }
  return best;
}

/** By border: what splitting every leaf there gains. */
function gainsOf(sums: Float64Array, leaves: number, count: number, ridge: number): Float64Array {
  const gains = new Float64Array(count);
  for (let leaf = 0; leaf < leaves; leaf += 1) {
    let [allG, allH] = [0, 0];
    for (let bin = 0; bin <= count; bin += 1) {
      allG += sums[(leaf * MAX_BINS + bin) * 2] as number;
      allH += sums[(leaf * MAX_BINS + bin) * 2 + 1] as number;
    }
    const whole = (allG * allG) / (allH + ridge);
    let [leftG, leftH] = [0, 0];
    for (let bin = 0; bin < count; bin += 1) {
      leftG += sums[(leaf * MAX_BINS + bin) * 2] as number;
      leftH += sums[(leaf * MAX_BINS + bin) * 2 + 1] as number;
      const rightH = allH - leftH;
      if (leftH < LEAST_WEIGHT || rightH < LEAST_WEIGHT) continue;
      const parts = (leftG * leftG) / (leftH + ridge) + (allG - leftG) ** 2 / (rightH + ridge);
      gains[bin] = (gains[bin] as number) + parts - whole;
    }
  }
  return gains;
}
