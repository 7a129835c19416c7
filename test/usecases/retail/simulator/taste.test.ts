import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../../../../app/clock/port.ts';
import { LAPTOP_WORLD } from '../../../../app/usecases/retail/simulator/laptop.ts';
import type { Season, SimulatedClick } from '../../../../app/usecases/retail/simulator/session.ts';
import { simulate } from '../../../../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../../../../app/usecases/retail/simulator/world.ts';

const START = Date.UTC(2026, 0, 1) * 1000;
const world = createWorld(LAPTOP_WORLD);
const indexOf = new Map(world.stock.map(({ id }, index) => [id, index]));
const N = world.stock.length;
const K = 20;

/** Items each visitor touched in a range. */
function touched(from: number, to: number, season: Season = 'usual'): Map<string, Set<number>> {
  const result = new Map<string, Set<number>>();
  for (const { user, wire } of simulate(world, { from, to, season })) {
    const items = result.get(user) ?? new Set<number>();
    result.set(user, items.add(indexOf.get((wire as SimulatedClick).item_id) ?? -1));
  }
  return result;
}

/** Cosine of every two items over the visitors who touched both: the plainest collaborative filter. */
function similarity(train: Map<string, Set<number>>): { readonly cosine: Float64Array; readonly popularity: Float64Array } {
  const cosine = new Float64Array(N * N);
  const popularity = new Float64Array(N);
  for (const items of train.values()) {
    for (const a of items) {
      popularity[a] = (popularity[a] ?? 0) + 1;
      for (const b of items) if (a !== b) cosine[a * N + b] = (cosine[a * N + b] ?? 0) + 1;
    }
  }
  for (let a = 0; a < N; a++) {
    for (let b = 0; b < N; b++) {
      const norm = Math.sqrt((popularity[a] ?? 0) * (popularity[b] ?? 0));
      cosine[a * N + b] = norm === 0 ? 0 : (cosine[a * N + b] ?? 0) / norm;
    }
  }
  return { cosine, popularity };
}

/** Mean nDCG@20 on items new to each visitor. */
function judge(model: ReturnType<typeof similarity>, train: Map<string, Set<number>>, test: Map<string, Set<number>>) {
  let users = 0;
  const sum = { filter: 0, popularity: 0 };
  for (const [user, items] of test) {
    const known = train.get(user);
    const fresh = new Set([...items].filter((item) => known?.has(item) !== true));
    if (known === undefined || fresh.size === 0) continue;
    users += 1;
    const scores = new Float64Array(N);
    for (const a of known) for (let b = 0; b < N; b++) scores[b] = (scores[b] ?? 0) + (model.cosine[a * N + b] ?? 0);
    sum.filter += ndcg(scores, known, fresh);
    sum.popularity += ndcg(model.popularity, known, fresh);
  }
  return { users, filter: sum.filter / users, popularity: sum.popularity / users };
}

function ndcg(scores: Float64Array, known: ReadonlySet<number>, wanted: ReadonlySet<number>): number {
  const ranked = Array.from({ length: N }, (_, item) => item).filter((item) => !known.has(item));
  ranked.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  const found = ranked.slice(0, K).reduce((sum, item, rank) => sum + (wanted.has(item) ? gain(rank) : 0), 0);
  return found / Array.from({ length: Math.min(K, wanted.size) }, (_, rank) => gain(rank)).reduce((sum, each) => sum + each, 0);
}

test('others with the same taste tell far more than popularity, a shift undoes it and new data mends it', () => {
  const split = START + 28 * DAY;
  const before = touched(START, split);
  const old = similarity(before);
  const usual = judge(old, before, touched(split, split + DAY));
  assert.ok(usual.users > 200, `${usual.users} visitors to judge by`);
  assert.ok(usual.filter > 1.5 * usual.popularity, `filter ${usual.filter}, popularity ${usual.popularity}`);

  const shiftedDays = touched(split, split + 2 * DAY, 'shifted');
  const both = new Map(before);
  for (const [user, items] of shiftedDays) both.set(user, new Set([...(before.get(user) ?? []), ...items]));
  const next = touched(split + 2 * DAY, split + 3 * DAY, 'shifted');
  // Both see the same visitors' whole past; only what they learnt of items differs.
  const stale = judge(old, both, next);
  const renewed = judge(similarity(both), both, next);
  assert.ok(stale.filter < 0.75 * usual.filter, `usual ${usual.filter}, in the shifted season ${stale.filter}`);
  assert.ok(renewed.filter > 1.2 * stale.filter, `old ${stale.filter}, learnt again ${renewed.filter}`);
});
