import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverage, ndcg, recall } from '../../app/training/metrics.ts';

const relevant = new Set(['a', 'b', 'c']);

test('recall divides by the smaller of list length and number of relevant items', () => {
  assert.equal(recall(['a', 'x', 'b'], relevant), 2 / 3);
  assert.equal(recall(['a', 'x', 'b'], relevant, 2), 1 / 2);
  assert.equal(recall(['a', 'b', 'c', 'x'], relevant), 1);
  assert.equal(recall(['x'], relevant), 0);
  assert.equal(recall(['a'], new Set()), 0);
});

test('items beyond the list’s length do not count', () => {
  const list = [...Array.from({ length: 20 }, (_, index) => `x${index}`), 'a'];
  assert.equal(recall(list, relevant), 0);
  assert.equal(ndcg(list, relevant), 0);
});

test('ndcg is 1 for the best order and falls with the rank of a hit', () => {
  assert.equal(ndcg(['c', 'a', 'b'], relevant), 1);
  const ideal = 1 + 1 / Math.log2(3) + 1 / 2;
  assert.ok(Math.abs(ndcg(['x', 'a', 'y', 'b'], relevant) - (1 / Math.log2(3) + 1 / Math.log2(5)) / ideal) < 1e-12);
  assert.ok(Math.abs(ndcg(['x', 'a'], new Set(['a'])) - 1 / Math.log2(3)) < 1e-12);
});

test('coverage is the share of the catalogue that any list shows', () => {
  assert.equal(coverage([['a', 'b'], ['b', 'c'], []], 6), 0.5);
  assert.equal(coverage([], 6), 0);
  assert.equal(coverage([['a']], 0), 0);
});
