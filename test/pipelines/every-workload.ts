import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { pino } from 'pino';
import { canonicalJson } from '../../app/canonical.ts';
import { DAY } from '../../app/clock/port.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { catalogueTable } from '../../app/lake/event-table.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import { openRuntime, type Ports, type Runtime } from '../../app/runtime.ts';
import { type Scope, tokenName } from '../../app/serving/access.ts';
import { item } from '../../app/usecases/retail/events.ts';
import { simulate } from '../../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../../app/usecases/retail/simulator/world.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { registryWorkload, workloadsOf } from '../../app/workloads.ts';
import type { CommandContext } from '../../bin/command.ts';
import { startCollecting } from '../../pipelines/workloads/collector.ts';
import { startStreaming } from '../../pipelines/workloads/materializer.ts';
import { startWatching } from '../../pipelines/workloads/monitor.ts';
import { startRegistry } from '../../pipelines/workloads/registry.ts';
import type { RunningWorkload, WorkloadOptions } from '../../pipelines/workloads/running.ts';
import { startAnswering } from '../../pipelines/workloads/serving.ts';
import { startSinking } from '../../pipelines/workloads/sink.ts';
import { type Recorded, recordedRuntime } from './recorded-runtime.ts';

/** The shop with little to learn, and monitors that see drift soon. */
const shop: UseCase = {
  ...retail,
  model: {
    ...retail.model,
    trainer: { ...retail.model.trainer, search: { ...retail.model.trainer.search, maxTrials: 1 } },
    folds: { count: 1, horizon: '12h' },
    profileRows: 200,
  },
  gate: { ...retail.gate, adversarial: { ...retail.gate.adversarial, campaigns: 1 } },
  monitors: { ...retail.monitors, window: 10, retrain: { ...retail.monitors.retrain, consecutiveWindows: 1 } },
};
const world = createWorld({ seed: 5, users: 200, items: 120, categories: 4, sessionsPerHour: 20 });
/** Every declared workload, by name. */
export const declared = new Map([...workloadsOf(shop), registryWorkload].map((one) => [one.name, one]));
/** What each of them did, by name. */
export const seen = new Map<string, Recorded>();
const logger = pino({ level: process.env['MILLRACE_TEST_LOG'] ?? 'silent' });

let dir: string;
let inner: Runtime;

/** A runtime that notes what the named workload does; several runs of one add up. */
function runtimeOf(name: string, replace: Partial<Ports> = {}): Runtime {
  const { runtime, recorded } = recordedRuntime(shop, inner, replace);
  const known = seen.get(name) ?? recorded;
  seen.set(name, known);
  if (known === recorded) return runtime;
  for (const kind of ['reads', 'writes', 'looked'] as const) {
    const add = recorded[kind].add;
    recorded[kind].add = (value) => {
      known[kind].add(value);
      return add.call(recorded[kind], value);
    };
  }
  return runtime;
}

async function during(
  name: string,
  start: (options: WorkloadOptions) => Promise<RunningWorkload>,
  act: (running: RunningWorkload) => Promise<void>,
): Promise<void> {
  const running = await start({ runtime: runtimeOf(name), usecase: shop, port: 0, host: '127.0.0.1' });
  try {
    const answers = await Promise.all(['/healthz', '/metrics'].map((path) => fetch(`${running.url}${path}`)));
    for (const answer of answers) {
      assert.equal(answer.status, 200, `${name} ${answer.url}`);
      await answer.text();
    }
    await act(running);
  } finally {
    await running.close();
  }
}

/** Runs a job by its declared command. */
async function job(name: string, replace: Partial<Ports> = {}): Promise<void> {
  const [layer = '', ...words] = declared.get(name)?.command ?? [];
  const runtime = runtimeOf(name, replace);
  const context: CommandContext = {
    options: () => ({ data: dir, usecase: shop.name }),
    open: async () => runtime,
    usecase: async () => shop,
    answer: () => undefined,
  };
  const program = new Command().exitOverride();
  const module = (await import(`../../bin/commands/${layer}.ts`)) as Readonly<
    Record<string, (program: Command, context: CommandContext) => void>
  >;
  module[`${layer}Commands`]?.(program, context);
  await program.parseAsync([layer, ...words], { from: 'user' });
  // A refused release is an answer too; what it read is what counts here.
  process.exitCode = 0;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!(await done())) {
    if (performance.now() > limit) throw new Error('it never came about');
    await sleep(20);
  }
}

const caughtUp = (running: RunningWorkload) =>
  until(async () => {
    const text = await running.metrics.metrics();
    const lags = [...text.matchAll(/^millrace_monitoring_consumer_lag_records\{.*\} (\d+)$/gm)];
    return lags.length > 0 && lags.every(([, lag]) => lag === '0');
  });

async function call(
  running: RunningWorkload,
  path: string,
  token: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${running.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  return { ...answer, http: response.status };
}

async function collect(from: number, to: number): Promise<void> {
  const token = (await inner.use('keys')).secret('collector-token');
  await during('collector', startCollecting, async (running) => {
    assert.equal((await call(running, '/v1/events', 'nobody', {})).http, 401);
    let events: unknown[] = [];
    const send = async () => {
      assert.equal((await call(running, '/v1/events', token, { event: 'click', events })).http, 202);
      events = [];
    };
    for (const { wire } of simulate(world, { from, to, malformedShare: 0.01 })) {
      events.push(wire);
      if (events.length === 1000) await send();
    }
    if (events.length > 0) await send();
  });
}

/** Makes the newest version champion, past the gate's judgement: whether it is good is not asked here. */
async function promoteNewest(): Promise<void> {
  const [keys, metadata] = [await inner.use('keys'), await inner.use('metadata')];
  const registry = openRegistry({
    metadata,
    keys,
    objects: await inner.use('objects'),
    audit: await inner.use('audit'),
    clock: inner.clock,
  });
  const model = shop.model.name;
  const [newest] = await registry.list(model);
  assert.ok(newest !== undefined);
  const { version, unitId } = newest;
  const evidence = canonicalJson({ kind: 'verdict', model, version, unitId, verdict: 'passed', approval: 'local' });
  await registry.recordVerdict('gate', { evidence, signature: keys.sign(Buffer.from(evidence)) });
  await registry.approve(model, version, 'local');
  await registry.promote(model, version, 'test', 'a test');
}

async function askMany(running: RunningWorkload, count: number): Promise<string> {
  const keys = await inner.use('keys');
  let last = '';
  const users = new Set([...simulate(world, { from: firstDay, to: firstDay + DAY })].map(({ user }) => user));
  assert.ok(users.size >= count);
  for (const user of [...users].slice(0, count)) {
    const answer = await call(running, '/v1/recommend', keys.secret(tokenName('recommend' satisfies Scope)), { user, k: 5 });
    assert.equal(answer['http'], 200, JSON.stringify(answer));
    last = String(answer['requestId']);
  }
  return last;
}

let firstDay = 0;

/** Runs every workload over one data folder, in the order that a platform's first days would. */
export async function runAll(): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'millrace-privilege-'));
  inner = openRuntime({ dataDir: dir, logger, environment: {} });
  const now = inner.clock.now();
  firstDay = now - 3 * DAY;
  const lake = await inner.use('lake');
  await lake.ensureTable(catalogueTable(shop, item));

  await collect(firstDay, now - DAY);
  await during('serving', startAnswering, async (running) => {
    await askMany(running, 1);
  });
  await during('sink', startSinking, caughtUp);
  await during('materializer', startStreaming, caughtUp);
  const empty = await openEmbeddedOnline(join(dir, 'online-anew'));
  await job('backfill', { online: empty });
  await empty.close();
  await job('retrain');
  await job('gate');
  await promoteNewest();
  await collect(now - DAY, now);
  await during('sink', startSinking, caughtUp);
  await job('retrain');
  await job('gate');
  let request = '';
  await during('serving', startAnswering, async (running) => {
    await until(async () => (await fetch(`${running.url}/readyz`)).ok);
    request = await askMany(running, 25);
  });
  await during('sink', startSinking, caughtUp);
  await during('serving', startAnswering, async (running) => {
    const token = (await inner.use('keys')).secret(tokenName('explain'));
    const explained = await call(running, `/v1/explain/${request}`, token);
    assert.equal(explained['status'], 'explained');
  });
  // The first champion's vectors leave the online store once the second answers.
  await during('serving', startAnswering, async (running) => {
    await until(async () => (await fetch(`${running.url}/readyz`)).ok);
    await promoteNewest();
    await until(
      async () => seen.get('serving')?.looked !== undefined && (await running.metrics.metrics()).includes('version="2"'),
    );
  });
  await during('monitor', startWatching, caughtUp);
  await job('compact');
  await job('vacuum');
  const start = (options: WorkloadOptions) => startRegistry({ ...options, models: [shop.model.name] });
  await during('registry', start, async (running) => {
    const token = (await inner.use('keys')).secret('registry-token');
    assert.ok('models' in (await call(running, '/v1/snapshot', token)));
  });
}

export async function cleanUp(): Promise<void> {
  await inner.close();
  await rm(dir, { recursive: true, force: true });
}
