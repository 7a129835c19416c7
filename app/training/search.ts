import type { SearchSpace } from '../usecases/model.ts';
import { evaluate, type Moment, type UserMetrics } from './evaluate.ts';
import { type Fitted, type Parameters, parametersOf } from './fit.ts';
import type { Fold } from './folds.ts';
import { coverage } from './metrics.ts';
import { seededRandom, shuffled } from './random.ts';
import { plainRanker } from './recommender.ts';

export interface SearchFold extends Fold {
  readonly moments: readonly Moment[];
}

export interface Trial {
  readonly parameters: Parameters;
  /** Mean of the objective over the users of the folds that were run. */
  readonly score: number;
  readonly folds: number;
  /** It was clearly behind the best trial and was not run to its end. */
  readonly stopped: boolean;
}

export interface SearchOptions {
  readonly space: SearchSpace;
  readonly objective: string;
  readonly seed: number;
  /** In the order in which they are run. */
  readonly folds: readonly SearchFold[];
  fit(fold: Fold, parameters: Parameters): Fitted;
  onTrial?(trial: Trial, number: number, of: number): void;
}

/**
 * Tries combinations in a seeded order, at most `maxTrials`. A trial stops after a fold where it is clearly behind the
 * best so far: the 95 % interval of the paired difference, user by user, lies below 0. The search stops when `patience`
 * trials in a row bring no gain.
 */
export async function search(options: SearchOptions): Promise<{ readonly best: Parameters; readonly trials: readonly Trial[] }> {
  const order = shuffled(combinations(options.space.parameters), seededRandom(options.seed)).slice(0, options.space.maxTrials);
  const fitted = new Map<string, Fitted>();
  const trials: Trial[] = [];
  let best: { readonly trial: Trial; readonly results: readonly UserMetrics[] } | undefined;
  let withoutGain = 0;
  for (const values of order) {
    const parameters = parametersOf(values);
    const results: UserMetrics[] = [];
    let stopped = false;
    for (const fold of options.folds) {
      const { popularityBlend, ...factorisation } = parameters;
      const key = JSON.stringify([fold.origin, factorisation]);
      const made = fitted.get(key) ?? options.fit(fold, parameters);
      fitted.set(key, made);
      const { model, tastes } = made.withBlend(popularityBlend);
      results.push(await evaluate(plainRanker(model), fold.moments, tastes));
      stopped = best !== undefined && clearlyBehind(options.objective, results, best.results);
      if (stopped) break;
    }
    const trial = { parameters, score: score(options.objective, results), folds: results.length, stopped };
    trials.push(trial);
    options.onTrial?.(trial, trials.length, order.length);
    if (best === undefined || (!stopped && trial.score > best.trial.score)) {
      best = { trial, results };
      withoutGain = 0;
    } else {
      withoutGain += 1;
      if (withoutGain >= options.space.patience) break;
    }
  }
  if (best === undefined)
    throw new RangeError('the search space is empty: maxTrials and every list of values must hold something');
  return { best: best.trial.parameters, trials };
}

/** Every combination of one value of each parameter, the last parameter varying fastest. */
export function combinations(parameters: SearchSpace['parameters']): readonly Readonly<Record<string, number>>[] {
  return Object.entries(parameters).reduce<readonly Readonly<Record<string, number>>[]>(
    (partial, [name, values]) => partial.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
    [{}],
  );
}

function score(objective: string, results: readonly UserMetrics[]): number {
  if (objective === 'coverage') {
    const lists = results.flatMap((result) => result.lists);
    return coverage(lists, Math.max(0, ...results.map(({ catalogueSize }) => catalogueSize)));
  }
  const values = results.flatMap((result) => perUser(objective, result));
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const perUser = (objective: string, result: UserMetrics): readonly number[] =>
  Array.from(objective === 'recallAt20' ? result.recallAt20 : result.ndcgAt20);

function clearlyBehind(objective: string, mine: readonly UserMetrics[], best: readonly UserMetrics[]): boolean {
  if (objective === 'coverage') return false;
  const differences = mine.flatMap((result, fold) => {
    const other = perUser(objective, best[fold] as UserMetrics);
    return perUser(objective, result).map((value, index) => value - (other[index] as number));
  });
  if (differences.length < 2) return false;
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1);
  return mean + 1.96 * Math.sqrt(variance / differences.length) < 0;
}
