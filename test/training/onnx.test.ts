import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { modelOf, type RecommenderModel } from '../../app/training/model-file.ts';
import { recommenderOnnx } from '../../app/training/onnx/recommender-graph.ts';
import type { Query } from '../../app/training/query.ts';
import { seededRandom } from '../../app/training/random.ts';
import { rankItems } from '../../app/training/rank.ts';
import { openSession, runGraph } from '../../app/training/recommender.ts';
import { ROLES } from './planted.ts';

/** Whole numbers: every order of summation gives the same float32, so that ties and order are exact. */
function wholeModel(n: number, d: number, seed: number, blend = 0.5): RecommenderModel {
  const random = seededRandom(seed);
  const items = Float32Array.from({ length: n * d }, () => Math.floor(random() * 5) - 2);
  const matrix = {
    itemIds: Array.from({ length: n }, (_, i) => `i${i}`),
    support: Int32Array.from({ length: n }, (_, i) => 1 << (12 - (i % 12))),
  };
  return modelOf(ROLES, matrix, { dimensions: d, items }, { alpha: 1, regularization: 1 }, blend);
}

const [n, d] = [37, 4];
const model = wholeModel(n, d, 2);
const session = await openSession(recommenderOnnx(model));
after(() => session.release());

const query = fc.record({
  vector: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: d, maxLength: d }).map((values) => Float32Array.from(values)),
  seen: fc.uniqueArray(fc.nat(n - 1), { maxLength: n }),
  activity: fc.constantFrom(0, 1, 3, 7),
  confidence: fc.constant(0),
});

test('the graph answers as the plain calculation: batches, seen items, ties, any k', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(query, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: n + 9 }), async (batch, k) => {
      const rows = await runGraph(session, model, batch, k);
      assert.deepEqual(
        rows,
        batch.map((one) => rankItems(model, one, k)),
      );
    }),
    { numRuns: 150 },
  );
});

test('with real factors the scores agree within float32 rounding and the order with the scores', async () => {
  const random = seededRandom(9);
  const size = 500;
  const items = Float32Array.from({ length: size * 32 }, () => random() - 0.5);
  const matrix = { itemIds: Array.from({ length: size }, (_, i) => `i${i}`), support: new Int32Array(size).fill(4) };
  const real = modelOf(ROLES, matrix, { dimensions: 32, items }, { alpha: 10, regularization: 0.1 }, 0.05);
  const open = await openSession(recommenderOnnx(real));
  try {
    const batch: Query[] = Array.from({ length: 20 }, (_, user) => ({
      vector: Float32Array.from({ length: 32 }, () => random() - 0.5),
      seen: [user, user + 100],
      activity: user,
      confidence: 0,
    }));
    const rows = await runGraph(open, real, batch, 50);
    rows.forEach((row, user) => {
      const plain = rankItems(real, batch[user] as Query, 50);
      for (const [place, score] of row.scores.entries()) assert.ok(Math.abs(score - (plain.scores[place] as number)) < 2e-6);
      assert.equal(new Set([...row.items, ...plain.items]).size, 50);
      assert.ok(!row.items.includes(user) && !row.items.includes(user + 100));
    });
  } finally {
    await open.release();
  }
});

test('a seen item never appears, even where nothing else is left', async () => {
  const all = Array.from({ length: n }, (_, item) => item);
  const one = { vector: new Float32Array(d), activity: 0, confidence: 0 };
  const [none, last] = await runGraph(
    session,
    model,
    [
      { ...one, seen: all },
      { ...one, seen: all.slice(0, -1) },
    ],
    n,
  );
  assert.deepEqual(none, { items: [], scores: [] });
  assert.deepEqual(last?.items, [n - 1]);
});

test('equal models give equal bytes', () => {
  assert.ok(recommenderOnnx(wholeModel(n, d, 2)).equals(recommenderOnnx(model)));
  assert.ok(!recommenderOnnx(wholeModel(n, d, 3)).equals(recommenderOnnx(model)));
});

test('bytes that are no model are refused with the file’s name', async () => {
  await assert.rejects(openSession(recommenderOnnx(model).subarray(0, 200)), {
    code: 'MR_TRAINING_MODEL_BROKEN',
    field: 'model.onnx',
  });
});
