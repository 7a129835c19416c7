import type { Evaluation, Interval } from '../../registry/release.ts';
import { bootstrap } from '../bootstrap.ts';
import { type ClassifierMetric, everyCase, isMetric, METRICS, type Ranking, ranking } from './metrics.ts';

/** Scores of one model for the judged cases, in their order: two models over the same cases can be compared case by case. */
export interface JudgedScores {
  readonly scores: Float64Array;
  readonly labels: Uint8Array;
  readonly segments: readonly string[];
}

const RESAMPLES = 400;

/** A metric over all cases of a part. @throws RangeError for a metric that classifiers do not report */
export function metricOf(name: string, judged: JudgedScores, segment?: string): number {
  const part = rankingOf(judged, segment);
  return METRICS[known(name)](part, everyCase(part));
}

/** Every metric with its 95 % bootstrap interval, over all cases and by segment. */
export function summarise(judged: JudgedScores, segments: readonly string[], seed: number): Evaluation {
  const part = (segment?: string) => {
    const ranked = rankingOf(judged, segment);
    const metrics = Object.keys(METRICS).map((name) => [name, intervalOf(name as ClassifierMetric, ranked, seed)] as const);
    return { users: ranked.scores.length, metrics: Object.fromEntries(metrics) };
  };
  return { ...part(), segments: Object.fromEntries(segments.map((name) => [name, part(name)])) };
}

/** Interval of metric(a) - metric(b), both over the same drawn cases. */
export function differenceOf(
  name: string,
  a: JudgedScores,
  b: JudgedScores,
  options: { readonly seed: number; readonly confidence?: number; readonly resamples?: number },
): Interval {
  const [left, right] = [rankingOf(a), rankingOf(b)];
  const metric = METRICS[known(name)];
  const count = counter(left.scores.length);
  const statistic = (indexes: Int32Array) => {
    const weight = count(indexes);
    return metric(left, weight) - metric(right, weight);
  };
  return bootstrap(left.scores.length, statistic, { resamples: RESAMPLES, ...options });
}

/**
 * A resample repeats cases, which makes every bin look less well calibrated: the percentile interval of the calibration
 * error lies too high, and is moved by the difference between the value and the mean resample.
 */
function intervalOf(name: ClassifierMetric, part: Ranking, seed: number): Interval {
  const count = counter(part.scores.length);
  let [sum, draws] = [0, 0];
  const raw = bootstrap(
    part.scores.length,
    (indexes) => {
      const value = METRICS[name](part, count(indexes));
      sum += value;
      draws += 1;
      return value;
    },
    { seed, resamples: RESAMPLES },
  );
  if (name !== 'ece' || draws < 2) return raw;
  const shift = raw.value - (sum - raw.value) / (draws - 1);
  return {
    value: raw.value,
    low: Math.max(0, Math.min(raw.value, raw.low + shift)),
    high: Math.max(raw.value, raw.high + shift),
  };
}

/** How often each case was drawn; one buffer for all draws. */
function counter(size: number): (indexes: Int32Array) => Float64Array {
  const weight = new Float64Array(size);
  return (indexes) => {
    weight.fill(0);
    for (const index of indexes) weight[index] = (weight[index] as number) + 1;
    return weight;
  };
}

function rankingOf({ scores, labels, segments }: JudgedScores, segment?: string): Ranking {
  if (segment === undefined) return ranking(scores, labels);
  const keep = (_: number, index: number) => segments[index] === segment;
  return ranking(scores.filter(keep), labels.filter(keep));
}

function known(name: string): ClassifierMetric {
  if (isMetric(name)) return name;
  throw new RangeError(`classifiers do not report the metric '${name}'; expected one of ${Object.keys(METRICS).join(', ')}`);
}
