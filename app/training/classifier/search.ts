import { runTrials, type TrialsOptions } from '../trials.ts';
import type { Examples } from './backtest.ts';
import { plainScores } from './classifier.ts';
import { differenceOf, type JudgedScores, metricOf } from './evaluate.ts';
import type { ClassifierParameters } from './fit.ts';
import type { ClassifierModel } from './model-file.ts';

export interface ClassifierSearch
  extends Pick<TrialsOptions<ClassifierParameters>, 'space' | 'seed' | 'onTrial' | 'done' | 'save'> {
  readonly objective: string;
  /** In the order in which they are run. */
  readonly folds: readonly { readonly learnt: Examples; readonly judged: Examples }[];
  fit(learnt: Examples, parameters: ClassifierParameters): ClassifierModel;
}

const RESAMPLES = 200;

/**
 * A trial stops after a fold where it is clearly behind the best so far: the 95 % bootstrap interval of the difference, drawn
 * over the same events, lies below 0.
 */
export async function searchClassifier({ objective, folds, fit, ...options }: ClassifierSearch) {
  const { seed } = options;
  return runTrials({
    ...options,
    parametersOf: (values): ClassifierParameters => values,
    async run(parameters, best) {
      const results: JudgedScores[] = [];
      let stopped = false;
      for (const [index, { learnt, judged }] of folds.entries()) {
        const { labels, segments } = judged;
        const result = { scores: plainScores(fit(learnt, parameters), judged.x), labels, segments };
        results.push(result);
        const scores = best?.[index];
        if (scores === undefined) continue;
        stopped = differenceOf(objective, result, { scores, labels, segments }, { seed, resamples: RESAMPLES }).high < 0;
        if (stopped) break;
      }
      const score = results.reduce((sum, result) => sum + metricOf(objective, result), 0) / Math.max(1, results.length);
      return { results: results.map(({ scores }) => scores), score, stopped };
    },
  });
}
