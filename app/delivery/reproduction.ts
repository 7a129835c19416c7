import { evaluate, type Moment } from '../training/evaluate.ts';
import type { Fitted } from '../training/fit.ts';
import { plainRanker, type Ranker } from '../training/recommender.ts';
import { atLeast, type Check } from './check.ts';

/** Rounding of another machine may swap items of nearly equal score; another training set changes far more. */
const LEAST_OVERLAP = 0.97;
/** Lists that are compared. */
const LISTS = 300;

/**
 * The gate judges what the parameters learn from the past, since the shipped model has seen the days it would be judged
 * on. So the shipped bytes must be what the same parameters learn from the whole pinned snapshot: its lists are compared
 * with those of a model that the gate trains itself.
 */
export async function checkReproduction(shipped: Ranker, again: Fitted, moments: readonly Moment[]): Promise<Check> {
  const some = moments.slice(0, LISTS);
  const theirs = await evaluate(shipped, some, again.tastes);
  const ours = await evaluate(plainRanker(again.model), some, again.tastes);
  let shared = 0;
  let all = 0;
  for (const [index, list] of ours.lists.entries()) {
    const other = new Set(theirs.lists[index]);
    shared += list.filter((item) => other.has(item)).length;
    all += Math.max(list.length, other.size);
  }
  const what = `share of list places on which the shipped model and the gate's own training agree, ${some.length} lists,`;
  return atLeast('reproduction', all === 0 ? 0 : shared / all, LEAST_OVERLAP, what);
}
