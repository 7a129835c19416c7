import { dot } from './cholesky.ts';
import type { RecommenderModel } from './model-file.ts';
import type { Query } from './query.ts';

export interface RankedIndexes {
  readonly items: readonly number[];
  readonly scores: readonly number[];
}

/**
 * The scoring graph's calculation in plain TypeScript, rounded to float32: the k best items that the user has not seen,
 * best first, of equal scores the lower index first. Fewer than k where fewer are left. The search judges trials by it,
 * and tests hold the graph to it.
 */
export function rankItems(model: RecommenderModel, query: Query, k: number): RankedIndexes {
  const d = model.dimensions;
  const seen = new Set(query.seen);
  const items: number[] = [];
  const scores: number[] = [];
  for (let item = 0; item < model.itemIds.length; item += 1) {
    if (seen.has(item)) continue;
    const popularity = Math.fround(model.blend * (model.popularity[item] as number)) / (1 + query.activity);
    const score = Math.fround(dot(query.vector, 0, model.itemFactors, item * d, d) + popularity);
    if (items.length === k && score <= (scores[k - 1] ?? Number.POSITIVE_INFINITY)) continue;
    let place = scores.length;
    while (place > 0 && (scores[place - 1] as number) < score) place -= 1;
    items.splice(place, 0, item);
    scores.splice(place, 0, score);
    if (items.length > k) {
      items.pop();
      scores.pop();
    }
  }
  return { items, scores };
}
