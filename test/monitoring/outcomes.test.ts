import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeJoin } from '../../app/monitoring/outcomes.ts';

const MATURITY = 100;

test('an answer is settled when its time is up, as positive only where the outcome came in time', () => {
  const join = outcomeJoin({ maturity: MATURITY });
  join.answered('caught', { at: 0, version: 1, score: 0.9 });
  join.answered('well', { at: 1, version: 1, score: 0.1 });
  join.answered('late', { at: 2, version: 1, score: 0.2 });
  join.turnedOut('caught', MATURITY);
  join.turnedOut('late', 2 + MATURITY + 1);
  join.turnedOut('never asked about', 5);
  join.seen(MATURITY - 1);
  join.mature();
  assert.deepEqual(join.rate(1), { matured: 0, hits: 0, rate: null });
  join.seen(MATURITY + 1);
  join.mature();
  assert.deepEqual(join.rate(1), { matured: 2, hits: 1, rate: 1 });
  join.seen(3 * MATURITY);
  join.mature();
  assert.deepEqual(join.rate(), { matured: 3, hits: 1, rate: 1 });
});

test('the live rate is the area under the curve, by version, and null while a class is missing', () => {
  const join = outcomeJoin({ maturity: MATURITY });
  for (const [id, score] of [
    ['a', 0.9],
    ['b', 0.4],
    ['c', 0.6],
    ['d', 0.1],
  ] as const)
    join.answered(id, { at: 0, version: 1, score });
  join.answered('e', { at: 0, version: 2, score: 0.5 });
  join.turnedOut('a', 1);
  join.turnedOut('b', 1);
  join.seen(2 * MATURITY);
  join.mature();
  assert.deepEqual(join.rate(1), { matured: 4, hits: 2, rate: 0.75 });
  assert.deepEqual(join.rate(2), { matured: 1, hits: 0, rate: null });
  assert.deepEqual(join.versions(), [1, 2]);
});

test('beyond its capacity the oldest answers are settled early, and only the newest are kept for the curve', () => {
  const join = outcomeJoin({ maturity: MATURITY, capacity: 10, kept: 5 });
  for (let index = 0; index < 40; index += 1) join.answered(`${index}`, { at: index, version: 1, score: 0.5 });
  assert.equal(join.rate(1).matured, 30);
});
