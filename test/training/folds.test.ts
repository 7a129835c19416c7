import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY, HOUR } from '../../app/clock/port.ts';
import { fit } from '../../app/training/fit.ts';
import { completeMoments, draftMoments, planFolds, segmentOf } from '../../app/training/folds.ts';
import { type Interaction, interactions, matrixBefore } from '../../app/training/interactions.ts';
import { encodeModelFile } from '../../app/training/model-file.ts';
import { recommenderOnnx } from '../../app/training/onnx/recommender-graph.ts';
import { planted, ROLES } from './planted.ts';

const SEGMENTS = { new: 0, light: 2, heavy: 4 };
const click = (user: string, item: string, at: number, hit = true): Interaction => ({ user, item, weight: 1, at, hit });
const bytesOf = (rows: readonly Interaction[], before: number) => {
  const parameters = { factors: 4, regularization: 0.1, alpha: 10, iterations: 2, popularityBlend: 0.05 };
  const { model, tastes } = fit({ events: interactions(rows), before, parameters, roles: ROLES, minSupport: 1, seed: 3 });
  return [recommenderOnnx(model), encodeModelFile(model), ...rows.map(({ user }) => tastes.of(user)?.toString())];
};

test('whatever happens from the origin on, a fold’s model has the same bytes', () => {
  const rows = planted({ seed: 8, users: 20, items: 16, perUser: 6 });
  const origin = 1_012 * DAY;
  const past = rows.filter(({ at }) => at < origin);
  const expected = bytesOf(past, origin);
  const future = fc.record({
    user: fc.constantFrom('u0', 'u3', 'new', 'a'),
    item: fc.constantFrom('i0', 'i5', 'i99', 'A'),
    weight: fc.constantFrom(1, 3, 5),
    at: fc.integer({ min: origin, max: origin + 30 * DAY }),
    hit: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(future, { maxLength: 30 }), (later) => {
      const actual = bytesOf([...later, ...past], origin);
      assert.deepEqual([...actual.slice(0, 2), ...actual.slice(2 + later.length)], expected);
    }),
    { numRuns: 40 },
  );
  assert.notDeepEqual(bytesOf([click('u0', 'i15', origin - 1), ...past], origin).slice(0, 2), expected.slice(0, 2));
});

test('no event at or after the origin is in the matrix', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(20)), { maxLength: 60 }), fc.nat(21), (clicks, origin) => {
      const rows = clicks.map(([user, item, at]) => click(`u${user}`, `i${item}`, at));
      const matrix = matrixBefore(interactions(rows), origin);
      const past = rows.filter(({ at }) => at < origin);
      assert.equal(
        matrix.events.reduce((sum, count) => sum + count, 0),
        past.length,
      );
      assert.deepEqual(new Set(matrix.userIds), new Set(past.map(({ user }) => user)));
      assert.deepEqual(new Set(matrix.itemIds), new Set(past.map(({ item }) => item)));
      assert.equal(
        matrix.byUser.weight.reduce((sum, weight) => sum + weight, 0),
        past.length,
      );
    }),
  );
});

test('folds lie end to end, newest first, and end with the last event', () => {
  const rows = Array.from({ length: 8000 }, (_, e) => click(`u${e % 400}`, `i${e % 9}`, e * HOUR * 0.125));
  const folds = planFolds(interactions(rows), { count: 3, horizon: 2 * DAY });
  const until = 7999 * HOUR * 0.125 + 1;
  assert.deepEqual(
    folds,
    [0, 1, 2].map((index) => ({ origin: until - (index + 1) * 2 * DAY, end: until - index * 2 * DAY })),
  );
});

test('a horizon in which few act is widened, to a fifth of the history at most', () => {
  const rows = Array.from({ length: 400 }, (_, e) => click(`u${e}`, `i${e % 9}`, e * 6 * HOUR));
  const [newest] = planFolds(interactions(rows), { count: 2, horizon: 2 * DAY });
  assert.equal((newest?.end ?? 0) - (newest?.origin ?? 0), 16 * DAY);
});

test('a user with a past is judged just before the first click, one without just after it', () => {
  const origin = 100;
  const events = interactions([
    ...['a', 'b', 'c'].map((item, index) => click('old', item, 10 + index)),
    click('old', 'd', 120),
    click('old', 'e', 130, false),
    click('old', 'd', 140),
    click('fresh', 'x', 110),
    click('fresh', 'y', 150),
    click('once', 'z', 115),
    click('old', 'late', 200),
  ]);
  assert.deepEqual(draftMoments(events, { origin, end: 200 }, SEGMENTS), [
    { entity: 'fresh', at: 110, segment: 'new', touched: ['y'] },
    { entity: 'old', at: 119, segment: 'light', touched: ['d'] },
  ]);
});

test('what the seen filter holds back is not asked for, and a moment without more is left out', () => {
  const draft = { entity: 'u', at: 5, segment: 'light' };
  const features = new Map([[ROLES.recent, ['a', 'b']]]);
  const drafts = [
    { ...draft, touched: ['a', 'c'] },
    { ...draft, touched: ['b'] },
  ];
  const moments = completeMoments(drafts, [features, features], ROLES.recent);
  assert.deepEqual(
    moments.map(({ relevant }) => [...relevant]),
    [['c']],
  );
});

test('segments are lower bounds, whatever their order', () => {
  for (const segments of [SEGMENTS, { heavy: 4, new: 0, light: 2 }]) {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 99].map((past) => segmentOf(segments, past)),
      ['new', 'new', 'light', 'light', 'heavy', 'heavy'],
    );
  }
});
