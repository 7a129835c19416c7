import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE } from '../../app/clock/port.ts';
import { labelJoin } from '../../app/monitoring/labels.ts';

const maturity = 30 * MINUTE;

test('a click on a recommended item within the maturity is a hit, one later or before is not', () => {
  const labels = labelJoin({ maturity });
  labels.answered('a', { at: 100, version: 1, items: ['x', 'y'] });
  labels.answered('b', { at: 100, version: 1, items: ['x'] });
  labels.answered('c', { at: 100, version: 1, items: ['x'] });
  labels.clicked('c', { at: 100, item: 'x' });
  labels.clicked('a', { at: 100 + maturity, item: 'y' });
  labels.clicked('b', { at: 101 + maturity, item: 'x' });
  labels.mature();
  assert.deepEqual(labels.hitRate(), { matured: 3, hits: 1, rate: 1 / 3 });
});

test('an answer is not judged before its time is up', () => {
  const labels = labelJoin({ maturity });
  labels.answered('a', { at: 100, version: 1, items: ['x'] });
  labels.clicked('a', { at: 200, item: 'x' });
  labels.mature();
  assert.deepEqual(labels.hitRate(), { matured: 0, hits: 0, rate: null });
});

test('the hit rate is kept by model version', () => {
  const labels = labelJoin({ maturity });
  labels.answered('a', { at: 1, version: 1, items: ['x'] });
  labels.answered('a', { at: 2, version: 2, items: ['y'] });
  labels.clicked('a', { at: 3, item: 'y' });
  labels.clicked('z', { at: 3 + 2 * maturity, item: 'q' });
  labels.mature();
  assert.equal(labels.hitRate(1).rate, 0);
  assert.equal(labels.hitRate(2).rate, 1);
  assert.deepEqual(labels.versions(), [1, 2]);
});

test('memory is bounded: beyond the capacity the longest waiting are settled', () => {
  const labels = labelJoin({ maturity, capacity: 10 });
  for (let user = 0; user < 1_000; user += 1) labels.answered(`u${user}`, { at: user, version: 1, items: [] });
  assert.equal(labels.hitRate().matured, 990);
});
