import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedDifference } from '../../app/training/bootstrap.ts';
import { evaluate, type Moment, summarise } from '../../app/training/evaluate.ts';
import { popularityRanker } from '../../app/training/popularity.ts';
import type { ModelInputs } from '../../app/training/query.ts';
import type { Ranker } from '../../app/training/recommender.ts';
import { ROLES } from './planted.ts';

const moment = (entity: string, segment: string, relevant: readonly string[], recent: readonly string[] = []): Moment => ({
  entity,
  at: 1,
  segment,
  inputs: new Map([[ROLES.recent, recent]]),
  relevant: new Set(relevant),
});
const ranker = (answer: (inputs: ModelInputs) => readonly string[], catalogueSize = 10): Ranker => ({
  catalogueSize,
  recommend: (inputs) => ({ items: answer(inputs), scores: [], confidence: 0 }),
});

test('metrics are kept per user, in the order of the moments, and summarised over all and by segment', async () => {
  const moments = [moment('u1', 'light', ['a']), moment('u2', 'heavy', ['b', 'c']), moment('u3', 'heavy', ['z'])];
  const result = await evaluate(
    ranker(() => ['a', 'b']),
    moments,
  );
  assert.deepEqual(result.entities, ['u1', 'u2', 'u3']);
  assert.deepEqual([...result.recallAt20], [1, 0.5, 0]);
  const summary = summarise(result, ['new', 'light', 'heavy'], 1);
  assert.equal(summary.users, 3);
  assert.equal(summary.metrics.recallAt20?.value, 0.5);
  assert.equal(summary.metrics.coverage?.value, 0.2);
  assert.equal(summary.segments.heavy?.metrics.recallAt20?.value, 0.25);
  assert.deepEqual(summary.segments.new, {
    users: 0,
    metrics: {
      recallAt20: { value: 0, low: 0, high: 0 },
      ndcgAt20: { value: 0, low: 0, high: 0 },
      coverage: { value: 0, low: 0, high: 0 },
    },
  });
});

test('the learnt vector of each entity reaches the model under its input’s name', async () => {
  const tastes = { input: ROLES.taste, of: (entity: string) => (entity === 'u1' ? Float32Array.of(7) : null) };
  const seen: unknown[] = [];
  const spy = ranker((inputs) => {
    seen.push(inputs.get(ROLES.taste));
    return [];
  });
  await evaluate(spy, [moment('u1', 'light', ['a']), moment('u2', 'light', ['a'])], tastes);
  assert.deepEqual(seen, [Float32Array.of(7), null]);
});

test('intervals hold their value, and two models on the same moments compare user by user', async () => {
  const moments = Array.from({ length: 60 }, (_, user) => moment(`u${user}`, 'light', [`i${user % 6}`, 'rare']));
  const good = await evaluate(
    ranker(() => ['i0', 'i1', 'i2', 'i3']),
    moments,
  );
  const bad = await evaluate(
    ranker(() => ['i0', 'i1']),
    moments,
  );
  const { metrics } = summarise(good, ['light'], 4);
  for (const { low, value, high } of Object.values(metrics)) assert.ok(low <= value && value <= high);
  assert.ok(pairedDifference(good.recallAt20, bad.recallAt20, { seed: 1 }).low > 0);
});

test('the interval of coverage lies around its value, though a resample shows fewer users', async () => {
  const moments = Array.from({ length: 80 }, (_, user) => moment(`u${user}`, 'light', ['a']));
  let next = 0;
  const own = ranker(() => {
    next += 1;
    return [`i${next}`, `i${next % 40}`];
  }, 200);
  const { coverage } = summarise(await evaluate(own, moments), ['light'], 1).metrics;
  assert.ok(coverage !== undefined && coverage.low < coverage.value && coverage.value < coverage.high, JSON.stringify(coverage));
});

test('the baseline leaves recent items out and needs no vector', async () => {
  const matrix = { itemIds: ['a', 'b', 'c'], support: Int32Array.of(9, 5, 1) };
  const popular = popularityRanker(matrix, ROLES);
  const { lists } = await evaluate(popular, [moment('u1', 'light', ['b'], ['a']), moment('u2', 'light', ['b'])]);
  assert.deepEqual(lists, [
    ['b', 'c'],
    ['a', 'b', 'c'],
  ]);
});
