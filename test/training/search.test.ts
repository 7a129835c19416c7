import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Moment } from '../../app/training/evaluate.ts';
import { type Fitted, fit, type Parameters } from '../../app/training/fit.ts';
import type { Fold } from '../../app/training/folds.ts';
import { interactions } from '../../app/training/interactions.ts';
import { type SearchOptions, search } from '../../app/training/search.ts';
import { combinations, type Progress, type Trial } from '../../app/training/trials.ts';
import { planted, ROLES } from './planted.ts';

const DAY = 86_400e6;
const events = interactions(planted({ seed: 12, users: 60 }));
const folds = [1_018 * DAY, 1_016 * DAY].map((origin) => ({
  origin,
  end: origin + 2 * DAY,
  moments: Array.from({ length: 60 }, (_, user): Moment => {
    const relevant = new Set(Array.from({ length: 10 }, (_, rank) => `i${rank * 4 + (user % 4)}`));
    return { entity: `u${user}`, at: origin, segment: 'light', inputs: new Map(), relevant };
  }),
}));
const SPACE = {
  parameters: { factors: [6], regularization: [0.05, 50], alpha: [10], iterations: [4], popularityBlend: [0, 0.05] },
  maxTrials: 4,
  patience: 4,
};

function run(space = SPACE, seed = 1, more: Pick<SearchOptions, 'done' | 'save'> = {}) {
  const fits: [number, Parameters][] = [];
  const seen: Trial<Parameters>[] = [];
  const train = (fold: Fold, parameters: Parameters): Fitted => {
    fits.push([fold.origin, parameters]);
    return fit({ events, before: fold.origin, parameters, roles: ROLES, minSupport: 1, seed: 2 });
  };
  const found = search({ space, objective: 'ndcgAt20', seed, folds, fit: train, onTrial: (trial) => seen.push(trial), ...more });
  return found.then((result) => ({ ...result, fits, seen }));
}

test('the better parameters win, and one that is clearly behind stops after its first fold', async () => {
  const { best, trials } = await run();
  assert.equal(best.regularization, 0.05);
  const behind = trials.filter(({ parameters }, index) => parameters.regularization === 50 && index > 0);
  assert.ok(trials.length === 4 && behind.length > 0);
  const firstGood = trials.findIndex(({ parameters }) => parameters.regularization === 0.05);
  for (const [index, { parameters, stopped, folds: run }] of trials.entries()) {
    if (parameters.regularization === 50 && index > firstGood) assert.deepEqual([stopped, run], [true, 1]);
  }
});

test('trials that differ in the blend only share their factorisations', async () => {
  const { fits } = await run();
  const keys = fits.map(([origin, { regularization }]) => `${origin} ${regularization}`);
  assert.equal(new Set(keys).size, keys.length);
});

test('one seed gives one search; maxTrials and patience bound it', async () => {
  assert.deepEqual((await run()).trials, (await run()).trials);
  assert.equal((await run({ ...SPACE, maxTrials: 2 })).trials.length, 2);
  const good = {
    ...SPACE,
    parameters: { ...SPACE.parameters, popularityBlend: [0], regularization: [0.05, 50, 60, 70, 80] },
    maxTrials: 5,
  };
  for (const seed of [1, 2, 3, 4]) {
    const { trials } = await run({ ...good, patience: 1 }, seed);
    const scores = trials.map(({ score }) => score);
    const first = scores.findIndex((score, index) => index > 0 && score <= Math.max(...scores.slice(0, index)));
    assert.ok(first === -1 || first === trials.length - 1, `a trial without gain did not end the search: ${scores}`);
  }
});

test('from whatever trial it goes on, a search ends as one that nothing interrupts, and fits nothing again', async () => {
  const saved: Progress[] = [];
  const whole = await run(SPACE, 1, { save: async (progress) => void saved.push(progress) });
  assert.equal(saved.length, whole.trials.length);
  for (const [index, done] of saved.entries()) {
    const { best, trials, seen } = await run(SPACE, 1, { done });
    assert.deepEqual([best, trials], [whole.best, whole.trials]);
    assert.deepEqual(seen, whole.trials.slice(index + 1));
  }
  const parameters = { ...SPACE.parameters, popularityBlend: [0], regularization: [50, 0.05, 60, 70, 80] };
  const impatient = { parameters, maxTrials: 5, patience: 1 };
  const ends: Progress[] = [];
  const { trials } = await run(impatient, 1, { save: async (progress) => void ends.push(progress) });
  assert.ok(trials.length < 5);
  assert.deepEqual((await run(impatient, 1, { done: ends.at(-1) })).trials, trials);
});

test('every combination is made once', () => {
  assert.deepEqual(combinations({ a: [1, 2], b: [3], c: [4, 5] }), [
    { a: 1, b: 3, c: 4 },
    { a: 1, b: 3, c: 5 },
    { a: 2, b: 3, c: 4 },
    { a: 2, b: 3, c: 5 },
  ]);
});

test('an empty search space is refused', async () => {
  await assert.rejects(run({ ...SPACE, maxTrials: 0 }), /search space is empty/);
});
