import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeatureValue } from '../../app/features/value.ts';
import { fit } from '../../app/training/fit.ts';
import { interactions } from '../../app/training/interactions.ts';
import { decodeModelFile, encodeModelFile } from '../../app/training/model-file.ts';
import { queries } from '../../app/training/query.ts';
import { plainRanker } from '../../app/training/recommender.ts';
import { planted, ROLES } from './planted.ts';

const { model, tastes } = fit({
  events: interactions(planted({ seed: 14 })),
  before: Number.MAX_SAFE_INTEGER,
  parameters: { factors: 8, regularization: 0.05, alpha: 10, iterations: 5, popularityBlend: 0.05 },
  roles: ROLES,
  minSupport: 3,
  seed: 5,
});
const query = queries(model);
const inputs = (taste: FeatureValue, recent: FeatureValue, activity: FeatureValue = 3) =>
  new Map([
    [ROLES.taste, taste],
    [ROLES.recent, recent],
    [ROLES.activity, activity],
  ]);
const ofGroup = (group: number) => model.itemIds.filter((id) => Number(id.slice(1)) % 4 === group);

test('confidence falls when users turn to what the model would not have foreseen', () => {
  const taste = tastes.of('u0');
  assert.ok(taste !== null);
  const [own, other] = [ofGroup(0).slice(0, 6), ofGroup(2).slice(0, 6)];
  const usual = query(inputs(taste, own)).confidence;
  const turned = query(inputs(taste, [...other.slice(0, 3), ...own.slice(0, 3)])).confidence;
  const unknown = query(inputs(taste, ['new-1', 'new-2', 'new-3', ...own.slice(0, 3)])).confidence;
  assert.ok(usual > 0.3 && turned < usual / 2 && unknown === 0, `${usual} ${turned} ${unknown}`);
});

test('without a learnt taste the older half of the clicks foresees the newer half', () => {
  const [own, other] = [ofGroup(1).slice(0, 6), ofGroup(3).slice(0, 3)];
  const steady = query(inputs(null, own)).confidence;
  const jumping = query(inputs(null, [...other, ...own.slice(0, 3)])).confidence;
  assert.ok(steady > 2 * jumping, `${steady} ${jumping}`);
  assert.equal(query(inputs(null, [])).confidence, 0);
});

test('unknown items, repeats and absent inputs do no harm', () => {
  const [a, b] = [model.itemIds[3] as string, model.itemIds[1] as string];
  assert.deepEqual(query(inputs(null, ['gone', a, b, a])).seen, [3, 1]);
  const nobody = query(new Map());
  assert.deepEqual([nobody.vector, nobody.seen, nobody.activity, nobody.confidence], [new Float32Array(8), [], 0, 0]);
  assert.equal(query(inputs(null, null, null)).activity, 0);
});

test('someone unknown gets the popular items, and fresh clicks turn the list at once', () => {
  const plain = plainRanker(model);
  assert.deepEqual(plain.recommend(new Map(), 5).items, model.itemIds.slice(0, 5));
  const clicked = ofGroup(2).slice(0, 3);
  const { items } = plain.recommend(inputs(null, clicked), 8);
  assert.ok(items.every((item) => !clicked.includes(item)));
  assert.ok(items.filter((item) => Number(item.slice(1)) % 4 === 2).length >= 6, items.join());
});

test('a vector of another length, or one that is not finite, is refused', () => {
  for (const taste of [new Float32Array(7), Float32Array.of(1, 2, 3, 4, 5, 6, 7, Number.NaN), 'text']) {
    assert.throws(() => query(inputs(taste, [])), { code: 'MR_TRAINING_DIMENSIONS', field: ROLES.taste });
  }
});

test('the model file gives the model back, bit by bit, and a broken one is refused by the field’s name', () => {
  const bytes = encodeModelFile(model);
  assert.deepEqual(decodeModelFile(bytes), model);
  const broken = (change: Readonly<Record<string, unknown>>) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(bytes.toString()), ...change }));
  const refused: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ gram: 'AAAA' }, 'model.json/gram'],
    [{ format: 2 }, 'model.json/format'],
    [{ roles: {} }, 'model.json/roles'],
    [{ blend: null }, 'model.json/blend'],
    [{ itemIds: [1] }, 'model.json/itemIds'],
  ];
  for (const [change, field] of refused) {
    assert.throws(() => decodeModelFile(broken(change)), { code: 'MR_TRAINING_MODEL_BROKEN', field });
  }
  assert.throws(() => decodeModelFile(bytes.subarray(0, 50)), /model\.json is not JSON/);
});
