import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkExtraction } from '../../app/delivery/extraction.ts';
import type { Moment } from '../../app/training/evaluate.ts';
import type { ModelInputs } from '../../app/training/query.ts';
import { seededRandom, shuffled } from '../../app/training/random.ts';
import type { Ranker } from '../../app/training/recommender.ts';
import { shop } from './fixture.ts';
import { withGate } from './judging.ts';

/** The shop, of which a client is counted on to ask so often. */
const counting = (queries: number) => withGate({ adversarial: { ...shop.gate.adversarial, queries, maxCopied: 0.2 } });

const ITEMS = Array.from({ length: 80 }, (_, item) => `i${item}`);
const ROLES = { taste: 'user_taste.taste', recent: 'user_activity.recent_items', activity: 'user_activity.events_30d' };
const random = seededRandom(3);
const MOMENTS = Array.from({ length: 100 }, (_, user): Moment => {
  const recent = shuffled(ITEMS, random).slice(0, 3);
  const inputs = new Map<string, readonly string[] | number>([
    [ROLES.recent, recent],
    [ROLES.activity, recent.length],
  ]);
  return { entity: `u${user}`, at: 0, segment: 'light', inputs: inputs as ModelInputs, relevant: new Set() };
});
const TASTES = { input: ROLES.taste, of: (entity: string) => Float32Array.of(Number(entity.slice(1)) + 1) };

/** Each list in an order of its own, drawn by a number of the question. */
const ranker = (seedOf: (inputs: ModelInputs) => number): Ranker => ({
  catalogueSize: ITEMS.length,
  recommend(inputs, k) {
    const recent = (inputs.get(ROLES.recent) ?? []) as readonly string[];
    const items = shuffled(ITEMS, seededRandom(seedOf(inputs))).filter((item) => !recent.includes(item));
    return { items: items.slice(0, k), scores: [], confidence: 0 };
  },
});
const newest = (inputs: ModelInputs) => Number(((inputs.get(ROLES.recent) as readonly string[])[0] ?? 'i99').slice(1));
const private_ = (inputs: ModelInputs) =>
  ((inputs.get(ROLES.taste) as Float32Array | undefined)?.[0] ?? 0) * 1_000 + newest(inputs);

const check = (of: (inputs: ModelInputs) => number, queries: number) =>
  checkExtraction(counting(queries), ranker(of), ITEMS, ROLES, MOMENTS, TASTES);
const oneItem = MOMENTS.map((moment): Moment => {
  const recent = ((moment.inputs.get(ROLES.recent) ?? []) as readonly string[]).slice(0, 1);
  return { ...moment, inputs: new Map([...moment.inputs, [ROLES.recent, recent]]) };
});

test('a model that answers by the newest item alone is copied whole by asking about each item once', async () => {
  const { passed, measured, reason } = await checkExtraction(
    counting(ITEMS.length),
    ...([ranker(newest), ITEMS, ROLES, oneItem, TASTES] as const),
  );
  assert.equal(passed, false, reason);
  assert.ok(Number(measured) > 0.95, reason);
});

test('as few answers as the use case counts on copy less of it', async () => {
  const few = await check(newest, 8);
  const many = await check(newest, 80);
  assert.equal(few.passed, true, few.reason);
  assert.equal(many.passed, false, many.reason);
});

test("a model that answers by what it learnt of each person is not copied through a stranger's accounts", async () => {
  const { passed, reason } = await check(private_, 80);
  assert.equal(passed, true, reason);
});

test('where all lists are the same there is nothing to copy', async () => {
  const { measured } = await check(() => 1, 80);
  assert.equal(measured, 0);
});
