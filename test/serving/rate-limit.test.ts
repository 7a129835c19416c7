import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tokenBuckets } from '../../app/serving/rate-limit.ts';

test('a bucket gives its burst, then its rate, and says how long to wait', () => {
  let now = 0;
  const buckets = tokenBuckets({ perSecond: 2, burst: 3 }, () => now);
  assert.deepEqual(
    [1, 2, 3].map(() => buckets.take('a')),
    [0, 0, 0],
  );
  assert.equal(buckets.take('a'), 0.5);
  now = 499;
  assert.ok(buckets.take('a') > 0);
  now = 500;
  assert.equal(buckets.take('a'), 0);
  assert.equal(buckets.take('b'), 0, 'another token has its own bucket');
});

test('never more than burst + rate x time, whatever the pauses', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (pauses) => {
      let now = 0;
      const buckets = tokenBuckets({ perSecond: 10, burst: 5 }, () => now);
      let taken = 0;
      for (const pause of pauses) {
        now += pause;
        if (buckets.take('a') === 0) taken += 1;
        assert.ok(taken <= 5 + (now / 1000) * 10 + 1e-9);
      }
    }),
    { numRuns: 50 },
  );
});
