/** Length of the lists that the ranking metrics judge. */
export const LIST_LENGTH = 20;

/** |top ∩ relevant| / min(length, |relevant|); the list is cut to `length`. 0 where nothing is relevant. */
export function recall(list: readonly string[], relevant: ReadonlySet<string>, length = LIST_LENGTH): number {
  if (relevant.size === 0) return 0;
  const hits = list.slice(0, length).filter((item) => relevant.has(item)).length;
  return hits / Math.min(length, relevant.size);
}

/** Normalised discounted cumulative gain with binary relevance: gain 1 / log2(rank + 1), rank from 1 (Järvelin and Kekäläinen 2002). */
export function ndcg(list: readonly string[], relevant: ReadonlySet<string>, length = LIST_LENGTH): number {
  if (relevant.size === 0) return 0;
  let gained = 0;
  list.slice(0, length).forEach((item, position) => {
    if (relevant.has(item)) gained += 1 / Math.log2(position + 2);
  });
  let ideal = 0;
  for (let position = 0; position < Math.min(length, relevant.size); position += 1) ideal += 1 / Math.log2(position + 2);
  return gained / ideal;
}

/** Share of the catalogue that is in at least one of the lists. 0 for an empty catalogue. */
export function coverage(lists: Iterable<readonly string[]>, catalogueSize: number): number {
  if (catalogueSize === 0) return 0;
  const shown = new Set<string>();
  for (const list of lists) for (const item of list) shown.add(item);
  return shown.size / catalogueSize;
}
