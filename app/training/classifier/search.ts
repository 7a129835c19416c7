import type { SearchSpace } from '../../usecases/model.ts';
import { seededRandom, shuffled } from '../random.ts';
import { combinations } from '../search.ts';
import type { Examples } from './backtest.ts';
import { plainScores } from './classifier.ts';
import { differenceOf, type JudgedScores, metricOf } from './evaluate.ts';
import type { ClassifierParameters } from './fit.ts';
import type { ClassifierModel } from './model-file.ts';

export interface ClassifierTrial {
  readonly parameters: ClassifierParameters;
  /** Mean of the objective over the folds that were run. */
  readonly score: number;
  readonly folds: number;
  /** It was clearly behind the best trial and was not run to its end. */
  readonly stopped: boolean;
}

export interface ClassifierSearch {
  readonly space: SearchSpace;
  readonly objective: string;
  readonly seed: number;
  /** In the order in which they are run. */
  readonly folds: readonly { readonly learnt: Examples; readonly judged: Examples }[];
  fit(learnt: Examples, parameters: ClassifierParameters): ClassifierModel;
  onTrial?(trial: ClassifierTrial, number: number, of: number): void;
}

const RESAMPLES = 200;

/**
 * Tries combinations in a seeded order, at most `maxTrials`. A trial stops after a fold where it is clearly behind the
 * best so far: the 95 % bootstrap interval of the difference, drawn over the same events, lies below 0. The search stops
 * when `patience` trials in a row bring no gain.
 */
export function searchClassifier(options: ClassifierSearch): {
  readonly best: ClassifierParameters;
  readonly trials: readonly ClassifierTrial[];
} {
  const { space, objective, seed } = options;
  const order = shuffled(combinations(space.parameters), seededRandom(seed)).slice(0, space.maxTrials);
  const trials: ClassifierTrial[] = [];
  let best: { readonly trial: ClassifierTrial; readonly results: readonly JudgedScores[] } | undefined;
  let withoutGain = 0;
  for (const parameters of order) {
    const results: JudgedScores[] = [];
    let stopped = false;
    for (const [index, { learnt, judged }] of options.folds.entries()) {
      const scores = plainScores(options.fit(learnt, parameters), judged.x);
      const result = { scores, labels: judged.labels, segments: judged.segments };
      results.push(result);
      const other = best?.results[index];
      if (other === undefined) continue;
      stopped = differenceOf(objective, result, other, { seed, resamples: RESAMPLES }).high < 0;
      if (stopped) break;
    }
    const score = results.reduce((sum, result) => sum + metricOf(objective, result), 0) / Math.max(1, results.length);
    const trial = { parameters, score, folds: results.length, stopped };
    trials.push(trial);
    options.onTrial?.(trial, trials.length, order.length);
    if (best === undefined || (!stopped && trial.score > best.trial.score)) {
      best = { trial, results };
      withoutGain = 0;
    } else {
      withoutGain += 1;
      if (withoutGain >= space.patience) break;
    }
  }
  if (best === undefined)
    throw new RangeError('the search space is empty: maxTrials and every list of values must hold something');
  return { best: best.trial.parameters, trials };
}
