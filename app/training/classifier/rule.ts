import type { Examples } from './backtest.ts';
import type { Column } from './columns.ts';
import { auc, everyCase, ranking } from './metrics.ts';
import { binOf, bordersOf } from './trees.ts';

/** The baseline beside every classifier: how often the class was met near the value of one column. */
export interface Rule {
  readonly column: Column;
  score(x: Float32Array, width: number): Float64Array;
}

type Known = Pick<Examples, 'x' | 'width' | 'labels'>;

/** The column that alone orders the examples best, once its values are turned into how often the class was met near them. */
export function bestRule(examples: Known, columns: readonly Column[]): Rule {
  const rules = columns.map((column, at) => {
    const curve = curveOf(examples, at);
    const score: Rule['score'] = (x, width) =>
      Float64Array.from({ length: x.length / width }, (_, row) => curve(x[row * width + at] as number));
    const ranked = ranking(score(examples.x, examples.width), examples.labels);
    return { column, score, area: auc(ranked, everyCase(ranked)) };
  });
  return rules.reduce((best, rule) => (rule.area > best.area ? rule : best));
}

/** Share of the class in each bin of the column, drawn a little towards the share of all. */
function curveOf(examples: Known, column: number): (value: number) => number {
  const { x, width, labels } = examples;
  const borders = bordersOf(examples, column);
  const counts = new Float64Array(borders.length + 1);
  const positives = new Float64Array(borders.length + 1);
  labels.forEach((label, row) => {
    const bin = binOf(borders, x[row * width + column] as number);
    counts[bin] = (counts[bin] as number) + 1;
    positives[bin] = (positives[bin] as number) + label;
  });
  const share = labels.reduce((sum, label) => sum + label, 0) / Math.max(1, labels.length);
  const curve = counts.map((count, bin) => ((positives[bin] as number) + share) / (count + 1));
  return (value) => curve[binOf(borders, value)] as number;
}
