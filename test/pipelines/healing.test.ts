import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry as Metrics } from 'prom-client';
import { HOUR, MINUTE, type Micros } from '../../app/clock/port.ts';
import { ensureTopics, predictionTopic } from '../../app/ingestion/topics.ts';
import { monitorMetrics } from '../../app/monitoring/metrics.ts';
import { type MonitorState, startMonitor } from '../../app/monitoring/monitor.ts';
import { makeReference } from '../../app/monitoring/sketch.ts';
import { openRuntime } from '../../app/runtime.ts';
import type { Prediction } from '../../app/serving/prediction.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { retraining } from '../../pipelines/loop/retraining.ts';
import type { Delivered } from '../../pipelines/retrain.ts';
import type { PipelineRunner } from '../../pipelines/runners/port.ts';

const FEATURE = 'user_activity.mean_price_1d';
const WINDOW = 40;
const usecase: UseCase = {
  ...retail,
  monitors: {
    ...retail.monitors,
    window: WINDOW,
    drift: [{ feature: FEATURE, test: 'psi', threshold: 0.25 }],
    retrain: { ...retail.monitors.retrain, coolDown: '1h', consecutiveWindows: 2 },
  },
};
/** Prices around a level, wide enough for every bin. */
const around = (level: number, count: number) => Array.from({ length: count }, (_, index) => level + (index % 40));

/** The monitor and the retraining as the loop joins them; runs are ended by hand, and each release has a price level. */
async function healing(t: TestContext, levels: Readonly<Record<string, number>>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-healing-'));
  const clock = { time: 1_767_225_600_000_000 as Micros, now: () => clock.time };
  const logger = pino({ level: 'silent' });
  const runtime = openRuntime({ dataDir, clock, logger });
  const [log, metadata, audit] = [await runtime.use('log'), await runtime.use('metadata'), await runtime.use('audit')];
  await ensureTopics(usecase, log);
  const runs: { readonly reason: string; end(output: Partial<Delivered>): Promise<void>; fail(): Promise<void> }[] = [];
  const runner = {
    run: (_pipeline: unknown, _input: unknown, reason: string) =>
      new Promise((resolve, reject) => {
        const settled = async (settle: () => void) => {
          settle();
          await pause(20);
        };
        runs.push({
          reason,
          end: (output) =>
            settled(() => resolve({ runId: reason, reason, output: { verdict: 'passed', promoted: true, ...output } })),
          fail: () => settled(() => reject(new Error('a step died'))),
        });
      }),
  } as unknown as PipelineRunner;
  const open = async () => {
    const retrainings = retraining({ usecase, runner, metadata, audit, clock });
    await retrainings.recall();
    const monitor = await startMonitor({
      usecase,
      log,
      metadata,
      audit,
      clock,
      logger,
      metrics: monitorMetrics(new Metrics()),
      profile: async (unitId) => ({ [FEATURE]: makeReference(around(levels[unitId] ?? 0, 400)) }),
      onDrift: (ask) => void retrainings.answer(ask)?.catch(() => undefined),
    });
    return { retrainings, monitor };
  };
  let parts = await open();
  let answers = 0;
  t.after(async () => {
    await parts.monitor.close();
    await runtime.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  return {
    clock,
    metadata,
    reasons: () => runs.map(({ reason }) => reason),
    run: (index: number) => {
      const found = runs[index];
      assert.ok(found !== undefined, `there is no run ${index}`);
      return found;
    },
    state: (): MonitorState => parts.monitor.state(),
    /** One window of answers of a release to people who see prices around a level; the clock moves 10 minutes. */
    async window(version: number, level: number): Promise<void> {
      const records = around(level, WINDOW).map((price, index) => {
        const prediction: Prediction = {
          request_id: `request-${answers + index}`,
          unit_id: `unit-${version}`,
          version,
          user_id: `user-${index}`,
          at: clock.time + index,
          feature_partition: 0,
          feature_offset: 0,
          features: JSON.stringify({ [FEATURE]: price }),
          items: [],
          scores: [],
          fallback: null,
          confidence: 0.5,
          latency_ms: 1,
        };
        return { key: 'one partition keeps the order', value: Buffer.from(JSON.stringify(prediction)) };
      });
      answers += WINDOW;
      clock.time += 10 * MINUTE;
      await log.append(predictionTopic(usecase), records);
      while (parts.monitor.state().predictions < answers) await pause(5);
      await pause(20);
    },
    /** The process ends and another one starts over its folder. */
    async restart(): Promise<void> {
      await parts.monitor.close();
      answers = 0;
      parts = await open();
    },
  };
}

const LEVELS = { 'unit-1': 0, 'unit-2': 20, 'unit-3': 80 };
const FIRST = /^drift of user_activity\.mean_price_1d: psi/;

test('a drift that one retraining does not heal starts the next after the cool-down, and so on until it heals', async (t) => {
  const loop = await healing(t, LEVELS);
  await loop.window(1, 80);
  assert.deepEqual(loop.reasons(), []);
  await loop.window(1, 80);
  assert.equal(loop.reasons().length, 1);
  assert.match(loop.reasons()[0] ?? '', FIRST);
  await loop.run(0).end({ version: 2 });

  await loop.window(2, 80);
  assert.equal(loop.reasons().length, 1, 'one started within the cool-down');
  loop.clock.time += HOUR;
  await loop.window(2, 80);
  assert.match(loop.reasons()[1] ?? '', /^drift of user_activity\.mean_price_1d still open after version 2: psi/);
  assert.equal(loop.state().healed.size, 0);
  await loop.run(1).end({ version: 3 });

  loop.clock.time += HOUR;
  await loop.window(3, 80);
  await loop.window(3, 80);
  assert.deepEqual(loop.state().open, []);
  assert.deepEqual([...loop.state().healed.keys()], ['user_activity.mean_price_1d']);
  assert.equal(loop.reasons().length, 2);
});

test('while one retraining runs an open drift starts no other, however long it takes', async (t) => {
  const loop = await healing(t, LEVELS);
  for (let window = 0; window < 6; window += 1) {
    await loop.window(1, 80);
    loop.clock.time += HOUR;
  }
  assert.equal(loop.reasons().length, 1);
});

test('a window that began before the retraining ended does not ask for another', async (t) => {
  const loop = await healing(t, LEVELS);
  await loop.window(1, 80);
  await loop.window(1, 80);
  loop.clock.time += HOUR;
  // The run ends while the last window of the former release fills.
  const filling = loop.clock.time;
  loop.clock.time += MINUTE;
  await loop.run(0).end({ version: 2 });
  loop.clock.time = filling;
  await loop.window(1, 80);
  assert.equal(loop.reasons().length, 1);
  await loop.window(2, 80);
  assert.equal(loop.reasons().length, 2);
});

test('a retraining that fails, or whose release is refused, is followed by another after the cool-down', async (t) => {
  const loop = await healing(t, LEVELS);
  await loop.window(1, 80);
  await loop.window(1, 80);
  await loop.run(0).fail();
  await loop.window(1, 80);
  assert.equal(loop.reasons().length, 1);
  loop.clock.time += HOUR;
  await loop.window(1, 80);
  assert.match(loop.reasons()[1] ?? '', /still open after version 1/);
  await loop.run(1).end({ version: 2, verdict: 'refused', promoted: false });
  loop.clock.time += HOUR;
  await loop.window(1, 80);
  assert.equal(loop.reasons().length, 3);
});

test('a restart ends neither an open drift nor a cool-down', async (t) => {
  const loop = await healing(t, LEVELS);
  await loop.window(1, 80);
  await loop.window(1, 80);
  const row = { id: 'r', pipeline: 'retrain', reason: 'drift', state: 'done', input: '{}', error: null } as const;
  const [started_at, ended_at] = [loop.clock.time, loop.clock.time];
  await loop.metadata.db
    .insertInto('runs')
    .values({ ...row, started_at, ended_at })
    .execute();
  await loop.restart();
  await loop.window(2, 80);
  assert.equal(loop.reasons().length, 1, 'the restart ended the cool-down');
  loop.clock.time += HOUR;
  await loop.window(2, 80);
  assert.match(loop.reasons()[1] ?? '', /still open after version 2/);
});
