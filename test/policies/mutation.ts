import fc from 'fast-check';

/** One random change: of the value that the number leads to, in the way that the other says. */
export interface Mutation {
  readonly at: number;
  readonly way: 'drop' | 'other' | 'twice';
  readonly choice: number;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  way: fc.constantFrom('drop' as const, 'other' as const, 'other' as const, 'twice' as const),
  choice: fc.nat(),
});

type Holder = Record<string, unknown> | unknown[];

/**
 * A copy of an object with changes that keep its types, as an object that the API server would read: a value goes, becomes
 * another one of its type from the pool, or (in a list) comes twice.
 */
export function mutated(object: unknown, changes: readonly Mutation[], pool: readonly unknown[]): Record<string, unknown> {
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const { at, way, choice } of changes) {
    const places = placesIn(copy);
    const place = places[at % places.length];
    if (place === undefined) continue;
    const { holder, key, value } = place;
    const scalar = typeof value !== 'object' || value === null;
    const like = pool.filter((other) => typeof other === typeof value);
    if (way === 'other' && scalar && like.length > 0)
      (holder as Record<string | number, unknown>)[key] = like[choice % like.length];
    else if (way === 'twice' && Array.isArray(holder)) holder.push(structuredClone(value));
    else if (way === 'drop' && Array.isArray(holder)) holder.splice(Number(key), 1);
    else if (way === 'drop') delete (holder as Record<string, unknown>)[key];
  }
  return copy;
}

/** Every value below the names that make an object what it is. */
function placesIn(object: Record<string, unknown>): readonly { holder: Holder; key: string | number; value: unknown }[] {
  const walk = (holder: Holder): ReturnType<typeof placesIn> =>
    Object.entries(holder).flatMap(([key, value]) => [
      { holder, key, value },
      ...(typeof value === 'object' && value !== null ? walk(value as Holder) : []),
    ]);
  return walk(object).filter(({ holder, key }) => holder !== object || !['apiVersion', 'kind'].includes(String(key)));
}

/** Scalars that stand anywhere in objects: what rules compare with is among them, if the objects are good and bad ones. */
export function scalarsIn(objects: readonly unknown[]): readonly unknown[] {
  const found = new Set<unknown>([0, 1, 5, 30, 31, true, false, '', '*', 'default', '0', '1']);
  const walk = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) walk(inner);
    else if (typeof value === 'string' ? value.length < 200 : value !== undefined && value !== null) found.add(value);
  };
  for (const object of objects) walk(object);
  return [...found];
}
