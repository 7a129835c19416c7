import { bootstrap } from '../training/bootstrap.ts';
import type { UserMetrics } from '../training/evaluate.ts';
import { coverage } from '../training/metrics.ts';
import type { RecommenderUseCase, UseCase } from '../usecases/usecase.ts';
import { atLeast, type Check } from './check.ts';

/** A segment with fewer judged users is reported, not judged: its mean says little. */
export const LEAST_USERS = 30;

/** A metric of the gate over some of the judged users, each once or as often as a resample drew them. */
function statistic(metric: string, result: UserMetrics): (indexes: ArrayLike<number>) => number {
  if (metric === 'coverage')
    return (indexes) =>
      coverage(
        Array.from(indexes, (index) => result.lists[index] ?? []),
        result.catalogueSize,
      );
  const values = metric === 'recallAt20' ? result.recallAt20 : metric === 'ndcgAt20' ? result.ndcgAt20 : undefined;
  if (values === undefined) throw new RangeError(`the gate does not know the metric '${metric}'`);
  return (indexes) => {
    let sum = 0;
    for (let i = 0; i < indexes.length; i += 1) sum += values[indexes[i] as number] as number;
    return indexes.length === 0 ? 0 : sum / indexes.length;
  };
}

const everyone = (result: UserMetrics) => result.entities.map((_, index) => index);
const meanOf = (metric: string, result: UserMetrics, indexes = everyone(result)) => statistic(metric, result)(indexes);

/** Floors of the gate, on the newest fold. */
export const checkFloors = ({ gate }: RecommenderUseCase, candidate: UserMetrics): readonly Check[] =>
  Object.entries(gate.floors).map(([metric, floor]) => atLeast(`floor.${metric}`, meanOf(metric, candidate), floor ?? 0, metric));

/** The objective per segment that has a floor. */
export function checkSegments({ gate, model }: RecommenderUseCase, candidate: UserMetrics): readonly Check[] {
  return Object.entries(gate.segmentFloors).map(([segment, floor]) => {
    const users = everyone(candidate).filter((index) => candidate.segments[index] === segment);
    const value = meanOf(model.objective, candidate, users);
    const check = atLeast(`segment.${segment}`, value, floor, `${model.objective} of ${users.length} ${segment} users`);
    if (users.length >= LEAST_USERS) return check;
    return { ...check, passed: true, reason: `${users.length} ${segment} users are too few to judge; ${LEAST_USERS} are needed` };
  });
}

/** Must be better than the most popular items. */
export function checkPopularity({ gate }: RecommenderUseCase, candidate: UserMetrics, popularity: UserMetrics): readonly Check[] {
  const metric = gate.beatsPopularity;
  if (metric === undefined) return [];
  const [own, baseline] = [meanOf(metric, candidate), meanOf(metric, popularity)];
  const check = atLeast('beatsPopularity', own, baseline, `${metric} beside the popular items'`);
  // Equal is not better.
  return [own === baseline ? { ...check, passed: false, reason: `${metric} is the popular items'` } : check];
}

/**
 * Not worse than the champion: the lower end of the bootstrap interval of (candidate - champion), drawn over the same
 * users for both, may not be below -tolerance.
 */
export function checkNotWorse({ gate, model }: RecommenderUseCase, candidate: UserMetrics, champion: UserMetrics): Check {
  const { metric, tolerance, confidence } = gate.notWorse;
  const [own, other] = [statistic(metric, candidate), statistic(metric, champion)];
  const { value, low, high } = bootstrap(candidate.entities.length, (indexes) => own(indexes) - other(indexes), {
    seed: model.seed,
    confidence,
  });
  const interval = `${metric} differs by ${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]; its lower end`;
  return atLeast('notWorse', low, -tolerance, interval);
}

/** The first champion has nobody to be compared with. */
export const noChampion = ({ gate }: Pick<UseCase, 'gate'>): Check => ({
  name: 'notWorse',
  passed: true,
  measured: null,
  limit: -gate.notWorse.tolerance,
  reason: 'there is no champion yet; nothing was compared',
});
