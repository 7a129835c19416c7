import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fit } from '../../app/training/fit.ts';
import { foldIn } from '../../app/training/fold-in.ts';
import { interactions } from '../../app/training/interactions.ts';
import { planted, ROLES } from './planted.ts';

const rows = planted({ seed: 3 }).map((row) => ({ ...row, weight: 1 }));
const events = interactions(rows);
const { model, matrix, tastes } = fit({
  events,
  before: Number.MAX_SAFE_INTEGER,
  parameters: { factors: 8, regularization: 0.05, alpha: 10, iterations: 5, popularityBlend: 0 },
  roles: ROLES,
  minSupport: 1,
  seed: 5,
});
const close = (a: Float32Array, b: Float32Array, within: number) => {
  for (const [index, value] of a.entries()) assert.ok(Math.abs(value - (b[index] as number)) <= within, `${a} is not ${b}`);
};

test('from no taste the fold-in is the trainer’s own solution for the same clicks', () => {
  for (const user of ['u0', 'u5', 'u33']) {
    const clicks = rows.filter((row) => row.user === user).map(({ item }) => matrix.itemIds.indexOf(item));
    close(foldIn(model, null, clicks), tastes.of(user) as Float32Array, 2e-5);
  }
});

test('a click raises the score of its item, and the order of clicks does not matter', () => {
  const taste = tastes.of('u0') as Float32Array;
  const item = model.itemIds.indexOf('i79');
  assert.ok(item >= 0);
  const score = (vector: Float32Array) => vector.reduce((sum, x, k) => sum + x * (model.itemFactors[item * 8 + k] as number), 0);
  assert.ok(score(foldIn(model, taste, [item])) > score(taste));
  assert.ok(score(foldIn(model, taste, [item, item, item])) > score(foldIn(model, taste, [item])));
  assert.deepEqual(foldIn(model, taste, [1, 5, 9, 5]), foldIn(model, taste, [5, 9, 5, 1]));
});

test('without clicks the taste stays, and without either the vector is zero', () => {
  const taste = tastes.of('u1') as Float32Array;
  assert.deepEqual(foldIn(model, taste, []), taste);
  assert.deepEqual(foldIn(model, null, []), new Float32Array(8));
});
