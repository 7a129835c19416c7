/**
 * Metrics of scores against labels, each over a multiset of cases: `weight[i]` says how often case i counts, so that a
 * bootstrap resample needs no copy. `order` holds the cases by score, highest first.
 */
export interface Ranking {
  readonly scores: Float64Array;
  /** 1 for the class looked for, else 0. */
  readonly labels: Uint8Array;
  readonly order: Int32Array;
}

export function ranking(scores: Float64Array, labels: Uint8Array): Ranking {
  if (scores.length !== labels.length) throw new RangeError(`${scores.length} scores for ${labels.length} labels`);
  const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return { scores, labels, order };
}

export const everyCase = ({ scores }: Ranking): Float64Array => new Float64Array(scores.length).fill(1);

/** Area under the ROC curve: the share of (positive, negative) pairs in the right order, ties half. 0.5 where a class is missing. */
export function auc({ scores, labels, order }: Ranking, weight: Float64Array): number {
  let [pairs, positives, negatives] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number] as number;
    let [tiedPositives, tiedNegatives, end] = [0, 0, start];
    for (; end < order.length && scores[order[end] as number] === score; end += 1) {
      const at = order[end] as number;
      if (labels[at] === 1) tiedPositives += weight[at] as number;
      else tiedNegatives += weight[at] as number;
    }
    pairs += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  return positives === 0 || negatives === 0 ? 0.5 : pairs / (positives * negatives);
}

/** Area under the precision-recall curve as average precision, Σ (recall step) * precision, ties as one step; 0 without positives. */
export function prAuc({ scores, labels, order }: Ranking, weight: Float64Array): number {
  let [area, found, seen] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number] as number;
    let [tied, end] = [0, start];
    for (; end < order.length && scores[order[end] as number] === score; end += 1) {
      const at = order[end] as number;
      seen += weight[at] as number;
      if (labels[at] === 1) tied += weight[at] as number;
    }
    found += tied;
    if (tied > 0) area += tied * (found / seen);
    start = end;
  }
  return found === 0 ? 0 : area / found;
}

const BINS = 10;

/**
 * Expected calibration error over ten bins of equal mass (Nixon et al. 2019): Σ share * |mean label - mean score|. Of rare
 * classes most scores are near 0, where bins of equal width would hold everything in one.
 */
export function ece({ scores, labels, order }: Ranking, weight: Float64Array): number {
  const total = weight.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 0;
  let [error, seen, difference, bin] = [0, 0, 0, 1];
  for (const at of order) {
    const mass = weight[at] as number;
    difference += mass * ((labels[at] as number) - (scores[at] as number));
    seen += mass;
    if (seen < (bin * total) / BINS) continue;
    error += Math.abs(difference);
    difference = 0;
    while (bin <= BINS && seen >= (bin * total) / BINS) bin += 1;
  }
  return (error + Math.abs(difference)) / total;
}

/** Mean squared difference of score and label (Brier 1950). */
export function brier({ scores, labels }: Ranking, weight: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let at = 0; at < scores.length; at += 1) {
    const mass = weight[at] as number;
    sum += mass * ((scores[at] as number) - (labels[at] as number)) ** 2;
    total += mass;
  }
  return total === 0 ? 0 : sum / total;
}

export const METRICS = { auc, prAuc, ece, brier } as const;
export type ClassifierMetric = keyof typeof METRICS;

export const isMetric = (name: string): name is ClassifierMetric => Object.hasOwn(METRICS, name);
