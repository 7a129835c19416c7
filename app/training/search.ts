import { evaluate, type Moment, type UserMetrics } from './evaluate.ts';
import { type Fitted, type Parameters, parametersOf } from './fit.ts';
import type { Fold } from './folds.ts';
import { coverage } from './metrics.ts';
import { plainRanker } from './recommender.ts';
import { type Results, runTrials, type TrialsOptions } from './trials.ts';

export interface SearchFold extends Fold {
  readonly moments: readonly Moment[];
}

export interface SearchOptions extends Pick<TrialsOptions<Parameters>, 'space' | 'seed' | 'onTrial' | 'done' | 'save'> {
  readonly objective: string;
  /** In the order in which they are run. */
  readonly folds: readonly SearchFold[];
  fit(fold: Fold, parameters: Parameters): Fitted;
}

/** A trial stops after a fold where it is clearly behind the best so far: the 95 % interval of the paired difference, user by user, lies below 0. */
export async function search({ objective, folds, fit, ...options }: SearchOptions) {
  const fitted = new Map<string, Fitted>();
  return runTrials({
    ...options,
    parametersOf,
    async run(parameters, best) {
      const judged: UserMetrics[] = [];
      let stopped = false;
      for (const fold of folds) {
        const { popularityBlend, ...factorisation } = parameters;
        const key = JSON.stringify([fold.origin, factorisation]);
        const made = fitted.get(key) ?? fit(fold, parameters);
        fitted.set(key, made);
        const { model, tastes } = made.withBlend(popularityBlend);
        judged.push(await evaluate(plainRanker(model), fold.moments, tastes));
        stopped = best !== undefined && clearlyBehind(objective, judged, best);
        if (stopped) break;
      }
      return { results: judged.map((result) => perUser(objective, result)), score: score(objective, judged), stopped };
    },
  });
}

function score(objective: string, results: readonly UserMetrics[]): number {
  if (objective === 'coverage') {
    const lists = results.flatMap((result) => result.lists);
    return coverage(lists, Math.max(0, ...results.map(({ catalogueSize }) => catalogueSize)));
  }
  const values = results.flatMap((result) => Array.from(perUser(objective, result)));
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const perUser = (objective: string, result: UserMetrics): Float64Array =>
  objective === 'recallAt20' ? result.recallAt20 : result.ndcgAt20;

function clearlyBehind(objective: string, mine: readonly UserMetrics[], best: Results): boolean {
  if (objective === 'coverage') return false;
  const differences = mine.flatMap((result, fold) => {
    const other = best[fold] as Float64Array;
    return Array.from(perUser(objective, result), (value, index) => value - (other[index] as number));
  });
  if (differences.length < 2) return false;
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1);
  return mean + 1.96 * Math.sqrt(variance / differences.length) < 0;
}
