import type { InputRoles } from './inputs.ts';
import type { Matrix } from './interactions.ts';
import type { Ranker } from './recommender.ts';

/** The baseline beside every model: the items that most users touched, without the user's recent ones. */
export function popularityRanker(matrix: Pick<Matrix, 'itemIds' | 'support'>, roles: Pick<InputRoles, 'recent'>): Ranker {
  return {
    catalogueSize: matrix.itemIds.length,
    recommend(inputs, k) {
      const recent = inputs.get(roles.recent);
      const seen = new Set(Array.isArray(recent) ? (recent as readonly string[]) : []);
      const items: string[] = [];
      const scores: number[] = [];
      for (let item = 0; item < matrix.itemIds.length && items.length < k; item += 1) {
        const id = matrix.itemIds[item] as string;
        if (seen.has(id)) continue;
        items.push(id);
        scores.push((matrix.support[item] as number) / (matrix.support[0] as number));
      }
      return { items, scores, confidence: 0 };
    },
  };
}
