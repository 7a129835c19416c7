import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median, robustZ, shareAtLeast, spread } from '../../app/validation/robust.ts';

test('the median is the middle, or between the two middles', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('a third of wild values does not move the spread by much', () => {
  const usual = Array.from({ length: 200 }, (_, index) => (index % 41) - 20);
  const wild = [...usual, ...Array.from({ length: 90 }, () => 1e9)];
  assert.ok(Math.abs(spread(wild).median - spread(usual).median) < 15);
  assert.ok(spread(wild).scale < 3 * spread(usual).scale);
  assert.ok(robustZ(1e9, spread(wild)) > 1e6);
});

test('where most values are one value, the mean deviation stands in for the MAD', () => {
  const values = [...Array.from({ length: 90 }, () => 5), ...Array.from({ length: 10 }, () => 6)];
  assert.deepEqual(spread(values), { median: 5, scale: 1.2533 * 0.1 });
  assert.equal(robustZ(5, spread([5, 5, 5])), 0);
  assert.equal(robustZ(6, spread([5, 5, 5])), Number.POSITIVE_INFINITY);
});

test('the lower end of a share lies below it, and nears it with evidence', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const hits = Math.round(n * share);
      const lower = shareAtLeast(hits, n);
      assert.ok(lower >= 0 && lower <= hits / n);
    }),
  );
  // Wilson (1927): 10 of 20 at z 1.96 is 0.2993 to 0.7007.
  assert.ok(Math.abs(shareAtLeast(10, 20, 1.96) - 0.2993) < 1e-4);
  assert.ok(shareAtLeast(40_000, 100_000) > 0.39);
});
