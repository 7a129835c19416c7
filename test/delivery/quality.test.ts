import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFloors, checkNotWorse, checkPopularity, checkSegments } from '../../app/delivery/quality.ts';
import type { UserMetrics } from '../../app/training/evaluate.ts';
import { withGate } from './judging.ts';

const metricsOf = (values: readonly number[], change: Partial<UserMetrics> = {}): UserMetrics => ({
  entities: values.map((_, index) => `u${index}`),
  segments: values.map(() => 'heavy'),
  recallAt20: Float64Array.from(values),
  ndcgAt20: Float64Array.from(values),
  lists: values.map((_, index) => [`i${index % 4}`]),
  catalogueSize: 8,
  ...change,
});

const usecase = withGate({ notWorse: { metric: 'ndcgAt20', tolerance: 0.01, confidence: 0.95 } });
const repeat = (length: number, value: (index: number) => number) => Array.from({ length }, (_, index) => value(index));

test('the same mean is not enough where few users tell: the lower end of the interval counts', () => {
  // User by user one wins or the other, so the mean difference of 0 is uncertain.
  const candidate = metricsOf(repeat(40, (index) => index % 2));
  const champion = metricsOf(repeat(40, (index) => (index + 1) % 2));
  const check = checkNotWorse(usecase, candidate, champion);
  assert.equal(check.passed, false);
  assert.ok((check.measured as number) < -0.1, String(check.measured));
  // The same difference of 0, user by user, is certain.
  assert.equal(checkNotWorse(usecase, candidate, candidate).passed, true);
});

test('a loss within the tolerance passes, one beyond it does not', () => {
  const champion = metricsOf(repeat(50, () => 0.5));
  assert.equal(checkNotWorse(usecase, metricsOf(repeat(50, () => 0.495)), champion).passed, true);
  assert.equal(checkNotWorse(usecase, metricsOf(repeat(50, () => 0.485)), champion).passed, false);
});

test('coverage is compared by the lists of the same resample', () => {
  const byCoverage = withGate({ notWorse: { metric: 'coverage', tolerance: 0.05, confidence: 0.95 } });
  const wide = metricsOf(repeat(80, () => 0.5));
  const narrow = metricsOf(
    repeat(80, () => 0.5),
    { lists: repeat(80, () => 0).map(() => ['i0']) },
  );
  assert.equal(checkNotWorse(byCoverage, wide, wide).passed, true);
  assert.equal(checkNotWorse(byCoverage, narrow, wide).passed, false);
});

test('floors name metric, value and limit; a value that is no number reaches none', () => {
  const floored = withGate({ floors: { recallAt20: 0.4, coverage: 0.6 } });
  const checks = checkFloors(floored, metricsOf([0.5, 0.7]));
  assert.deepEqual(
    checks.map(({ name, passed, measured, limit }) => [name, passed, measured, limit]),
    [
      ['floor.recallAt20', true, 0.6, 0.4],
      ['floor.coverage', false, 0.25, 0.6],
    ],
  );
  assert.deepEqual(
    [checkFloors(floored, metricsOf([Number.NaN]))[0]].map((check) => [check?.passed, check?.measured]),
    [[false, null]],
  );
});

test('a segment is judged from 30 users on', () => {
  const floored = withGate({ segmentFloors: { heavy: 0.2 } });
  const heavy = (users: number) => checkSegments(floored, metricsOf(repeat(users, () => 0.1)))[0];
  assert.equal(heavy(29)?.passed, true);
  assert.match(heavy(29)?.reason ?? '', /29 heavy users are too few to judge/);
  assert.equal(heavy(30)?.passed, false);
});

test('as good as the popular items is not better', () => {
  const beside = (own: number) => checkPopularity(usecase, metricsOf([own]), metricsOf([0.3]))[0]?.passed;
  assert.deepEqual([beside(0.3), beside(0.31), beside(0.29)], [false, true, false]);
  assert.deepEqual(checkPopularity(withGate({ beatsPopularity: undefined }), metricsOf([0]), metricsOf([1])), []);
});
