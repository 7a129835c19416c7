import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { DAY } from '../../app/clock/port.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';
import { openCheckpoint } from '../../app/training/checkpoint.ts';
import type { TrainOptions } from '../../app/training/train.ts';
import { orderSimulation } from '../../app/usecases/fraud/simulation.ts';
import { boostedTrees } from '../../app/usecases/model.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';
import * as fraud from './classifier/orders.ts';
import { planted } from './planted.ts';
import { CHECKPOINTS, freshShop, shop } from './shop.ts';

const KEY = `${CHECKPOINTS}search.json`;
const TRIALS = 3;

/** A checkpoint whose log is kept, and the numbers of the trials that run with it. */
function watched(objects: ObjectStore, run?: string) {
  const lines: string[] = [];
  const trials: number[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const checkpoint = openCheckpoint({ objects, logger, prefix: CHECKPOINTS, run });
  const onProgress = (message: string) => {
    const number = /^trial (\d+) of/.exec(message)?.[1];
    if (number !== undefined) trials.push(Number(number));
  };
  return { checkpoint, lines, trials, onProgress };
}

/** As `onProgress`: ends the training in its second trial, when the first is saved. */
const dies = (message: string) => {
  if (message.startsWith('trial 2 of')) throw new Error('the node is gone');
};

/** One attempt in a process of its own. */
async function attempt(dir: string, args: readonly string[], crashAt?: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'train-child.ts'), dir, ...args], {
    env: { ...process.env, ...(crashAt !== undefined && { MILLRACE_CRASH_AT: crashAt }) },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  const end = await new Promise<string | number | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  const trials = [...said.stderr.matchAll(/^trial (\d+) of/gm)].map(([, number]) => Number(number));
  return { end, trials, ...said };
}

describe('a training that is killed', () => {
  let open: Awaited<ReturnType<typeof freshShop>>;
  before(async () => {
    open = await freshShop();
    await open.click(planted({ seed: 21 }));
  });
  after(() => open.end());

  test('is gone on with by the next process, trial by trial, to the same bytes, though the lake has moved', async () => {
    const copy = `${open.dir}/copy`;
    for (const part of ['objects', 'keys']) cpSync(join(open.dir, part), join(copy, part), { recursive: true });
    chmodSync(join(copy, 'keys'), 0o700);
    const whole = await attempt(copy, []);
    assert.equal(whole.end, 0, whole.stderr);

    const killed = 'training.search.after-trial';
    const first = await attempt(open.dir, ['run-1'], killed);
    assert.deepEqual([first.end, first.trials], ['SIGKILL', [1]], first.stderr);
    await open.click(planted({ seed: 22, users: 30 }));
    const second = await attempt(open.dir, ['run-1'], killed);
    assert.deepEqual([second.end, second.trials], ['SIGKILL', [2]], second.stderr);
    const third = await attempt(open.dir, ['run-1']);
    assert.deepEqual([third.end, third.trials], [0, [TRIALS]], third.stderr);

    assert.equal(third.stdout, whole.stdout);
    const { prefix, files } = JSON.parse(third.stdout) as { readonly prefix: string; readonly files: object };
    const there = await freshBytes(copy);
    for (const file of Object.keys(files))
      assert.ok((await open.objects.get(`${prefix}${file}`)).equals(await there(`${prefix}${file}`)), file);
    assert.equal(await open.objects.has(KEY), false);
  });
});

const freshBytes = async (dir: string) => {
  const { openEmbeddedObjects } = await import('../../app/lake/object-store/embedded.ts');
  const objects = await openEmbeddedObjects(join(dir, 'objects'));
  return (key: string) => objects.get(key);
};

describe('a checkpoint', () => {
  let open: Awaited<ReturnType<typeof freshShop>>;
  beforeEach(async () => {
    open = await freshShop();
    await open.click(planted({ seed: 21, users: 60 }));
  });
  const train = (more: Partial<TrainOptions<RecommenderUseCase>>) => open.train(more);
  /** A first attempt of a run that dies, after a trial; then another attempt. */
  async function interrupted(
    t: TestContext,
    run: string | undefined,
    between: () => Promise<unknown> | unknown = () => undefined,
  ) {
    t.after(() => open.end());
    const { checkpoint } = watched(open.objects, run);
    await assert.rejects(train({ checkpoint, onProgress: dies }), /the node is gone/);
    assert.equal(await open.objects.has(KEY), true);
    await between();
    return watched(open.objects, run);
  }
  const ALL = [1, 2, 3];

  test('holds the trials, what they are of, and nobody', async (t) => {
    await interrupted(t, 'run-1');
    const text = (await open.objects.get(KEY)).toString('utf8');
    const { run, code, seed, data, trials } = JSON.parse(text);
    assert.deepEqual([run, code, seed, data.tables], ['run-1', 'abc', shop.model.seed, { 'retail.click': 1 }]);
    assert.deepEqual(Object.keys(trials[0]), ['parameters', 'score', 'folds', 'stopped']);
    assert.equal(trials.length, 1);
    for (const user of ['u0', 'u1']) assert.ok(!text.includes((await open.keys.subject(user)).pseudonym));
  });

  test('counts for the same data also where no run is named', async (t) => {
    const { trials, lines, ...next } = await interrupted(t, undefined);
    await train(next);
    assert.deepEqual(trials, [2, 3]);
    assert.match(lines.join(''), /going on from a checkpoint/);
    // Scores, where each trial stopped, and the numbers it was stopped by: as in a run that nothing interrupts.
    const kept = await open.objects.get(KEY);
    await next.checkpoint.end();
    await train(watched(open.objects));
    assert.equal((await open.objects.get(KEY)).toString('utf8'), kept.toString('utf8'));
    const { trials: done } = JSON.parse(kept.toString('utf8'));
    assert.ok(done.slice(1).some(({ stopped }: { readonly stopped: boolean }) => stopped));
  });

  test('of other data is ignored: another run after the lake moved, the same after somebody was erased', async (t) => {
    const moved = await interrupted(t, 'run-1', () => open.click(planted({ seed: 22, users: 10 })));
    const other = watched(open.objects, 'run-2');
    const { dataset } = await train(other);
    assert.deepEqual([other.trials, dataset.tables], [ALL, { 'retail.click': 2 }]);
    assert.match(other.lines.join(''), /"was":.*"is":.*the checkpoint is ignored: it is of other data/);
    await other.checkpoint.end();
    await assert.rejects(train({ ...moved, onProgress: dies }), /the node is gone/);
    open.keys.erase('u7');
    const erased = watched(open.objects, 'run-1');
    await train(erased);
    assert.deepEqual(erased.trials, ALL);
    assert.match(erased.lines.join(''), /it is of other data/);
  });

  const OTHERS: Readonly<Record<string, readonly [Partial<TrainOptions<RecommenderUseCase>>, RegExp]>> = {
    'other code': [{ codeCommit: 'def' }, /"was":"abc","is":"def".*it is of another code/],
    'code that no commit names': [{ codeCommit: 'abc-dirty' }, /no commit names the code/],
    'another seed': [{ usecase: { ...shop, model: { ...shop.model, seed: 99 } } }, /it is of another seed/],
    'another definition': [
      { usecase: { ...shop, model: { ...shop.model, objective: 'recallAt20' } } },
      /it is of another definition/,
    ],
  };
  for (const [what, [change, reason]] of Object.entries(OTHERS))
    test(`of ${what} is ignored, and the log says why`, async (t) => {
      const { trials, lines, ...next } = await interrupted(t, 'run-1');
      await train({ ...next, ...change });
      assert.deepEqual(trials, ALL);
      assert.match(lines.join(''), reason);
    });

  test('that cannot be read is ignored with a warning, and replaced', async (t) => {
    const { checkpoint } = await interrupted(t, 'run-1');
    const bytes = await open.objects.get(KEY);
    const broken = [bytes.subarray(0, bytes.length / 2), Buffer.from('{"format":1}'), Buffer.from(''), Buffer.from('null')];
    for (const body of broken) {
      await open.objects.put(KEY, body);
      const { trials, lines, ...next } = watched(open.objects, 'run-1');
      await train(next);
      assert.deepEqual(trials, ALL);
      assert.match(lines.join(''), /"level":40.*cannot be read and is ignored/);
      assert.equal(JSON.parse((await open.objects.get(KEY)).toString('utf8')).trials.length, TRIALS);
    }
    await checkpoint.end();
    assert.equal(await open.objects.has(KEY), false);
  });

  test('that cannot be written costs no training', async (t) => {
    t.after(() => open.end());
    const objects = { ...open.objects, put: () => Promise.reject(new Error('no such right')) };
    const { trials, lines, ...next } = watched(objects as ObjectStore, 'run-1');
    await train(next);
    assert.deepEqual(trials, ALL);
    assert.match(lines.join(''), /the checkpoint is not written/);
  });
});

test('a classifier goes on the same way, to the same files', async (t) => {
  const trainer = boostedTrees({ trees: [5, 20], depth: [2, 3], learningRate: [0.2], maxTrials: 4 });
  const usecase = { ...fraud.small, model: { ...fraud.small.model, trainer } };
  const events = orderSimulation.events({ from: fraud.NOW - DAY / 2, to: fraud.NOW, changes: [] });
  const orders = await fraud.freshOrders(usecase, events, fraud.NOW);
  t.after(() => orders.end());
  const whole = await orders.train();
  const { checkpoint } = watched(orders.objects, 'run-1');
  await assert.rejects(orders.train(usecase, { checkpoint, onProgress: dies }), /the node is gone/);
  const { trials, lines: _lines, ...next } = watched(orders.objects, 'run-1');
  const resumed = await orders.train(usecase, next);
  assert.deepEqual(resumed, whole);
  assert.ok(trials.length > 0 && trials[0] === 2, trials.join());
});
