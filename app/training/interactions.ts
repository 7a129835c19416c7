import type { Micros } from '../clock/port.ts';

/** Events in columns, ascending by time; one event is one index of every array. */
export interface Interactions {
  readonly users: readonly string[];
  readonly items: readonly string[];
  /** Index into `users` and `items`. */
  readonly user: Int32Array;
  readonly item: Int32Array;
  /** Label weight of the event's kind. */
  readonly weight: Float64Array;
  readonly at: Float64Array;
  /** 1 where the event's kind counts as a hit. */
  readonly hit: Uint8Array;
}

export interface Interaction {
  readonly user: string;
  readonly item: string;
  readonly weight: number;
  readonly at: Micros;
  readonly hit: boolean;
}

/** Takes rows in any order; equal rows in another order give equal columns. */
export function interactions(rows: readonly Interaction[]): Interactions {
  const sorted = [...rows].sort(
    (a, b) => a.at - b.at || byCodeUnits(a.user, b.user) || byCodeUnits(a.item, b.item) || a.weight - b.weight,
  );
  const users = new Map<string, number>();
  const items = new Map<string, number>();
  const index = (of: Map<string, number>, id: string) => {
    const known = of.get(id) ?? of.size;
    of.set(id, known);
    return known;
  };
  return {
    user: Int32Array.from(sorted, (row) => index(users, row.user)),
    item: Int32Array.from(sorted, (row) => index(items, row.item)),
    weight: Float64Array.from(sorted, (row) => row.weight),
    at: Float64Array.from(sorted, (row) => row.at),
    hit: Uint8Array.from(sorted, (row) => (row.hit ? 1 : 0)),
    users: [...users.keys()],
    items: [...items.keys()],
  };
}

/** Number of events earlier than the moment. */
export function countBefore(events: Interactions, moment: Micros): number {
  let low = 0;
  let high = events.at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events.at[middle] as number) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sparse rows: row r's columns are `column[start[r] .. start[r+1])`, ascending, with the summed weight of each pair. */
export interface SparseRows {
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly weight: Float64Array;
}

/** The interaction matrix of all events before a moment. It holds nothing of later ones, not even their ids. */
export interface Matrix {
  readonly userIds: readonly string[];
  /** Ordered by number of distinct users, most first, ties by id: where scores tie, the lower index is the more popular. */
  readonly itemIds: readonly string[];
  readonly byUser: SparseRows;
  readonly byItem: SparseRows;
  /** Distinct users of each item. */
  readonly support: Int32Array;
  /** Events of each user. */
  readonly events: Int32Array;
}

export function matrixBefore(events: Interactions, before: Micros): Matrix {
  const end = countBefore(events, before);
  const pairs = new Map<number, number>();
  const perUser = new Int32Array(events.users.length);
  const support = new Int32Array(events.items.length);
  for (let e = 0; e < end; e += 1) {
    const user = events.user[e] as number;
    const item = events.item[e] as number;
    const pair = user * events.items.length + item;
    const known = pairs.get(pair);
    if (known === undefined) support[item] = (support[item] as number) + 1;
    pairs.set(pair, (known ?? 0) + (events.weight[e] as number));
    perUser[user] = (perUser[user] as number) + 1;
  }
  const users = present(perUser).sort((a, b) => byCodeUnits(events.users[a] as string, events.users[b] as string));
  const items = present(support).sort(
    (a, b) =>
      (support[b] as number) - (support[a] as number) || byCodeUnits(events.items[a] as string, events.items[b] as string),
  );
  const userRow = inverse(users, events.users.length);
  const itemRow = inverse(items, events.items.length);
  const entries: Entry[] = [];
  for (const [pair, weight] of pairs) {
    const item = pair % events.items.length;
    entries.push({ user: userRow[(pair - item) / events.items.length] as number, item: itemRow[item] as number, weight });
  }
  entries.sort((a, b) => a.user - b.user || a.item - b.item);
  const byUser = sparse(entries, users.length, 'user', 'item');
  entries.sort((a, b) => a.item - b.item || a.user - b.user);
  return {
    userIds: users.map((user) => events.users[user] as string),
    itemIds: items.map((item) => events.items[item] as string),
    byUser,
    byItem: sparse(entries, items.length, 'item', 'user'),
    support: Int32Array.from(items, (item) => support[item] as number),
    events: Int32Array.from(users, (user) => perUser[user] as number),
  };
}

type Entry = { readonly user: number; readonly item: number; readonly weight: number };

/** Order of code units: the same on every machine, unlike a locale's. */
const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const present = (counts: Int32Array) => [...counts.keys()].filter((index) => (counts[index] as number) > 0);

function inverse(order: readonly number[], size: number): Int32Array {
  const result = new Int32Array(size).fill(-1);
  order.forEach((original, position) => {
    result[original] = position;
  });
  return result;
}

function sparse(entries: readonly Entry[], rows: number, row: 'user' | 'item', column: 'user' | 'item'): SparseRows {
  const start = new Int32Array(rows + 1);
  for (const entry of entries) start[entry[row] + 1] = (start[entry[row] + 1] as number) + 1;
  for (let r = 0; r < rows; r += 1) start[r + 1] = (start[r + 1] as number) + (start[r] as number);
  return {
    start,
    column: Int32Array.from(entries, (entry) => entry[column]),
    weight: Float64Array.from(entries, (entry) => entry.weight),
  };
}
