import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Interaction, interactions } from '../../app/training/interactions.ts';
import { CONFIDENCE, decodeProfile, encodeProfile, sampleMoments } from '../../app/training/profile.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

const click = (user: string, at: number, hit = true): Interaction => ({ user, item: 'i', weight: 1, at, hit });

test('each user has one voice in a window, and the moment is just before the click', () => {
  const rows = ['a', 'a', 'b', 'a', 'a', 'b', 'c', 'd'].map((user, index) => click(user, 10 * (index + 1)));
  const sample = sampleMoments(interactions(rows), { from: 0, window: 2, rows: 99 });
  assert.deepEqual(
    sample.map(({ entity, at }) => `${entity}${at}`),
    ['a9', 'b29', 'a39', 'b59', 'c69', 'd79'],
  );
  assert.deepEqual(sampleMoments(interactions(rows), { from: 0, window: 2, rows: 2 }), sample.slice(-2));
  assert.equal(sampleMoments(interactions(rows), { from: 60, window: 2, rows: 9 })[0]?.entity, 'b');
});

test('clicks that are no hits are no label moments', () => {
  const sample = sampleMoments(interactions([click('a', 1, false), click('b', 2), click('c', 3)]), {
    from: 0,
    window: 1,
    rows: 9,
  });
  assert.deepEqual(
    sample.map(({ entity }) => entity),
    ['b', 'c'],
  );
});

test('the profile holds a sketch per feature and one of confidence, and survives its file', () => {
  const values = [1, 2, 3].map((value) => new Map([['user_activity.events_30d', value]]));
  const watched = {
    monitors: { ...retail.monitors, drift: retail.monitors.drift.filter(({ feature }) => feature.endsWith('events_30d')) },
  };
  const profile = decodeProfile(encodeProfile(watched, { from: 1, until: 9 }, values, [0.5]));
  assert.deepEqual(Object.keys(profile.features), ['user_activity.events_30d', CONFIDENCE]);
  assert.deepEqual([profile.rows, profile.from, profile.until], [3, 1, 9]);
});

test('a monitor on a value that training cannot know is refused', () => {
  assert.throws(() => encodeProfile(retail, { from: 0, until: 1 }, [], [0.5]), {
    code: 'MR_TRAINING_INPUTS',
    value: 'user_activity.mean_price_1d',
  });
});

test('bytes that are no profile are refused', () => {
  for (const bytes of ['{', 'null', '{"format":2}']) {
    assert.throws(() => decodeProfile(Buffer.from(bytes)), { code: 'MR_TRAINING_MODEL_BROKEN', field: 'profile.json' });
  }
});
