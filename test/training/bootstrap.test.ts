import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanInterval, pairedDifference } from '../../app/training/bootstrap.ts';
import { seededRandom } from '../../app/training/random.ts';

const normal = (random: () => number) => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);

test('a 95 % interval holds the true mean about 95 times of 100', () => {
  const random = seededRandom(3);
  let held = 0;
  for (let round = 0; round < 300; round += 1) {
    const { low, high } = meanInterval(
      Array.from({ length: 80 }, () => 2 + normal(random)),
      { seed: round, resamples: 300 },
    );
    if (low <= 2 && 2 <= high) held += 1;
  }
  assert.ok(held >= 0.9 * 300 && held <= 0.985 * 300, `${held} of 300`);
});

test('the interval narrows with the sample and has the width of the normal theory', () => {
  const random = seededRandom(4);
  const values = Array.from({ length: 1600 }, () => normal(random));
  const { low, high, value } = meanInterval(values, { seed: 1, resamples: 2000 });
  assert.ok(low < value && value < high);
  const theory = (2 * 1.96) / 40;
  assert.ok(Math.abs(high - low - theory) < 0.15 * theory, `${high - low} against ${theory}`);
});

test('one seed gives one interval; of nothing it is zero; of one constant it is a point', () => {
  const values = [1, 2, 3, 4, 9];
  assert.deepEqual(meanInterval(values, { seed: 5 }), meanInterval(values, { seed: 5 }));
  assert.notDeepEqual(meanInterval(values, { seed: 5, resamples: 40 }), meanInterval(values, { seed: 6, resamples: 40 }));
  assert.deepEqual(meanInterval([], { seed: 1 }), { value: 0, low: 0, high: 0 });
  assert.deepEqual(meanInterval([3, 3, 3], { seed: 1 }), { value: 3, low: 3, high: 3 });
});

test('pairing finds a small difference that lies under the spread of users', () => {
  const random = seededRandom(6);
  const base = Array.from({ length: 200 }, () => 10 * normal(random));
  const better = base.map((value) => value + 0.2 + 0.1 * normal(random));
  const { low, high } = pairedDifference(better, base, { seed: 1 });
  assert.ok(low > 0.15 && high < 0.25, `${low}..${high}`);
  assert.throws(() => pairedDifference([1], [1, 2], { seed: 1 }), /one length; got 1 and 2/);
});
