import { crashPoint } from '../crash-point.ts';
import type { SearchSpace } from '../usecases/model.ts';
import { seededRandom, shuffled } from './random.ts';

type Values = Readonly<Record<string, number>>;

export interface Trial<P = Values> {
  readonly parameters: P;
  /** Mean of the objective over the cases of the folds that were run. */
  readonly score: number;
  readonly folds: number;
  /** It was clearly behind the best trial and was not run to its end. */
  readonly stopped: boolean;
}

/** Of each fold that a trial ran: the numbers by which a later trial is compared with it, case by case. */
export type Results = readonly Float64Array[];

/** How far a search has come: all that it needs to go on as if it had never stopped. */
export interface Progress {
  readonly trials: readonly Trial[];
  readonly best: { readonly trial: number; readonly results: Results };
}

export interface TrialsOptions<P> {
  readonly space: SearchSpace;
  readonly seed: number;
  /** Of one combination of values. @throws MR_TRAINING_PARAMETER */
  parametersOf(values: Values): P;
  /** One trial, which may stop where it is clearly behind the best so far. */
  run(parameters: P, best: Results | undefined): Promise<{ results: Results; score: number; stopped: boolean }>;
  onTrial?: ((trial: Trial<P>, number: number, of: number) => void) | undefined;
  /** Trials that were done before; they are not run again. */
  readonly done?: Progress | undefined;
  /** Called after each trial, before the next begins. */
  save?: ((progress: Progress) => Promise<void>) | undefined;
}

/**
 * Tries combinations in a seeded order, at most `maxTrials`. The search stops when `patience` trials in a row bring no gain.
 * From the same progress it comes to the same end.
 */
export async function runTrials<P>(
  options: TrialsOptions<P>,
): Promise<{ readonly best: P; readonly trials: readonly Trial<P>[] }> {
  const { space, seed } = options;
  const order = shuffled(combinations(space.parameters), seededRandom(seed))
    .slice(0, space.maxTrials)
    .map((values) => ({ values, parameters: options.parametersOf(values) }));
  const trials: Trial<P>[] = order.flatMap(({ parameters }, index) => {
    const before = options.done?.trials[index];
    return before === undefined ? [] : [{ ...before, parameters }];
  });
  let best = options.done?.best;
  for (const { parameters } of order.slice(trials.length)) {
    const withoutGain = best === undefined ? 0 : trials.length - 1 - best.trial;
    if (withoutGain > 0 && withoutGain >= space.patience) break;
    const { results, score, stopped } = await options.run(parameters, best?.results);
    const trial = { parameters, score, folds: results.length, stopped };
    trials.push(trial);
    options.onTrial?.(trial, trials.length, order.length);
    if (best === undefined || (!stopped && score > (trials[best.trial] as Trial<P>).score))
      best = { trial: trials.length - 1, results };
    const done = trials.map((one, index) => ({ ...one, parameters: order[index]?.values ?? {} }));
    await options.save?.({ trials: done, best });
    crashPoint('training.search.after-trial');
  }
  const chosen = best === undefined ? undefined : trials[best.trial];
  if (chosen === undefined)
    throw new RangeError('the search space is empty: maxTrials and every list of values must hold something');
  return { best: chosen.parameters, trials };
}

/** Every combination of one value of each parameter, the last parameter varying fastest. */
export function combinations(parameters: SearchSpace['parameters']): readonly Values[] {
  return Object.entries(parameters).reduce<readonly Values[]>(
    (partial, [name, values]) => partial.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
    [{}],
  );
}
