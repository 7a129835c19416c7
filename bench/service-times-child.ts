/** One workload alone in this process, so that its processor time and memory are its own. Started by `service-times.ts`. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry as Metrics } from 'prom-client';
import { systemClock } from '../app/clock/embedded.ts';
import { DAY } from '../app/clock/port.ts';
import { startMaterializer } from '../app/features/materialize.ts';
import { decodeState } from '../app/features/row-codec.ts';
import { onlineName } from '../app/features/view-hash.ts';
import { startCollector } from '../app/ingestion/collector.ts';
import { openIntake } from '../app/ingestion/intake.ts';
import { ensureTopics, eventTopic, predictionTopic } from '../app/ingestion/topics.ts';
import { decodeEvent, eventTable } from '../app/lake/event-table.ts';
import { startLakeSink } from '../app/lake/sink.ts';
import { monitorMetrics } from '../app/monitoring/metrics.ts';
import { startMonitor } from '../app/monitoring/monitor.ts';
import { makeReference } from '../app/monitoring/sketch.ts';
import { openRuntime } from '../app/runtime.ts';
import type { Prediction } from '../app/serving/prediction.ts';
import { click } from '../app/usecases/retail/events.ts';
import { activity } from '../app/usecases/retail/features.ts';
import { LAPTOP_WORLD } from '../app/usecases/retail/simulator/laptop.ts';
import { simulate } from '../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../app/usecases/retail/simulator/world.ts';
import { retail } from '../app/usecases/retail/usecase.ts';
import { openFixture, USERS } from '../test/serving/fixture.ts';

export type Answer = Readonly<Record<string, number>>;
type Message = { readonly op: string } | 'start' | 'stop';

const ROWS = 20_000;
const CATALOGUE = 5_000;
const logger = pino({ level: 'silent' });
const say = (message: object) => process.send?.(message);
const dir = mkdtempSync(join(tmpdir(), 'millrace-service-times-'));
const runtime = openRuntime({ dataDir: dir, clock: systemClock, logger });

const mebibytes = () => process.memoryUsage().rss / 2 ** 20;
function watch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}
const heard = (word: Message) =>
  new Promise<void>((resolve) => {
    const listen = (message: Message) => {
      if (message !== word) return;
      process.off('message', listen);
      resolve();
    };
    process.on('message', listen);
  });

/** A server that others call: twice, to warm it and to measure it. */
async function measureServer(url: string, token: string, more: object = {}): Promise<Answer> {
  say({ url, token, ...more });
  await heard('start');
  const spent = watch();
  await heard('stop');
  return { cpuMs: spent(), memoryMiB: mebibytes() };
}

async function fillLog(rows: number): Promise<void> {
  const [log, keys] = [await runtime.use('log'), await runtime.use('keys')];
  const now = systemClock.now();
  const intake = await openIntake({ usecase: retail, log, keys, clock: systemClock, logger, dedupeDir: join(dir, 'dedupe') });
  let batch: unknown[] = [];
  let taken = 0;
  for (const { wire } of simulate(createWorld(LAPTOP_WORLD), { from: now - 6 * DAY, to: now })) {
    batch.push(wire);
    taken += 1;
    if (batch.length === 1000 || taken === rows) {
      await intake.accept('click', batch, 'bench');
      batch = [];
    }
    if (taken === rows) break;
  }
  if (taken < rows) throw new Error(`the simulator gave ${taken} events of ${rows}`);
  await intake.close();
}

async function collector(): Promise<Answer> {
  const [log, keys] = [await runtime.use('log'), await runtime.use('keys')];
  const intake = await openIntake({ usecase: retail, log, keys, clock: systemClock, logger, dedupeDir: join(dir, 'dedupe') });
  const options = { intake, keys, usecase: retail, port: 0, logger, metrics: new Metrics() };
  const server = await startCollector(options);
  const answer = await measureServer(server.url, await keys.secret('collector-token'));
  await server.close();
  await intake.close();
  return answer;
}

async function serving(): Promise<Answer> {
  const fixture = await openFixture();
  const items = Array.from({ length: CATALOGUE }, (_, index) => `item-${index}`);
  await fixture.promote(await fixture.release(7, { items }));
  for (const user of USERS) await fixture.click(user, items.slice(0, 40));
  const server = await fixture.start();
  await server.looked();
  const answer = await measureServer(server.url, await fixture.token('recommend'), { users: USERS });
  await server.logged();
  await fixture.close();
  return answer;
}

/** Two batch sizes give what a commit costs and what a row costs. */
async function sink(): Promise<Answer> {
  await fillLog(ROWS);
  const [log, lake] = [await runtime.use('log'), await runtime.use('lake')];
  const topic = eventTopic(retail, 'click');
  const logBytes = await bytesOf(topic);
  const pass = async (name: string, maxRows: number) => {
    const table = { ...eventTable(retail, click), name };
    const spent = watch();
    const options = {
      log,
      lake,
      topic,
      table,
      decode: decodeEvent(click),
      clock: systemClock,
      logger,
      compactAfterFiles: 10_000,
    };
    const running = await startLakeSink({ ...options, maxRows, maxWaitMs: 0 });
    await running.caughtUp();
    await running.close();
    return { cpuMs: spent(), commits: (await lake.snapshot(name)).version };
  };
  await pass('retail.warm', 2_000);
  const small = await pass('retail.small', 200);
  const large = await pass('retail.large', 5_000);
  const commitMs = Math.max(0, (small.cpuMs - large.cpuMs) / (small.commits - large.commits));
  const rowMs = Math.max(0, (large.cpuMs - large.commits * commitMs) / ROWS);
  const lakeBytes = sizeOf(join(dir, 'objects'), /retail[./]large.*\.parquet$/);
  return { commitMs, rowMs, memoryMiB: mebibytes(), logBytes: logBytes / ROWS, lakeBytes: lakeBytes / ROWS };
}

async function materializer(): Promise<Answer> {
  await fillLog(ROWS);
  const [log, online] = [await runtime.use('log'), await runtime.use('online')];
  const spent = watch();
  // A batch of a busy stream, not of a backlog.
  const running = startMaterializer({
    usecase: retail,
    view: activity,
    log,
    online,
    clock: systemClock,
    logger,
    maxRecords: 100,
  });
  await running.caughtUp();
  const cpuMs = spent();
  await running.close();
  const entities = [...new Set((await recordsOf(eventTopic(retail, 'click'))).map(({ key }) => key))];
  const rows = (await online.getMany(onlineName(activity), entities)).filter((row) => row !== undefined);
  const events = rows.reduce((sum, row) => sum + (decodeState(activity, row)?.events.length ?? 0), 0);
  const bytes = rows.reduce((sum, row) => sum + row.length, 0);
  return { rowMs: cpuMs / ROWS, memoryMiB: mebibytes(), onlineBytes: bytes / events };
}

async function monitor(): Promise<Answer> {
  await ensureTopics(retail, await runtime.use('log'));
  const [log, metadata, audit] = [await runtime.use('log'), await runtime.use('metadata'), await runtime.use('audit')];
  const sample = Array.from({ length: 1_000 }, (_, i) => i % 97);
  const profile = Object.fromEntries(retail.monitors.drift.map(({ feature }) => [feature, makeReference(sample)]));
  const records = Array.from({ length: ROWS }, (_, i) => ({
    key: `user-${i % 500}`,
    value: Buffer.from(JSON.stringify(prediction(i))),
  }));
  for (let i = 0; i < ROWS; i += 500) await log.append(predictionTopic(retail), records.slice(i, i + 500));
  const spent = watch();
  const running = await startMonitor({
    ...{ usecase: retail, log, metadata, audit, clock: systemClock, logger, metrics: monitorMetrics(new Metrics()) },
    profile: async () => profile,
    onDrift: () => undefined,
  });
  while (running.state().predictions < ROWS) await new Promise((resolve) => setTimeout(resolve, 20));
  const answer = { rowMs: spent() / ROWS, memoryMiB: mebibytes(), logBytes: (await bytesOf(predictionTopic(retail))) / ROWS };
  await running.close();
  return answer;
}

function prediction(i: number): Prediction {
  const features = {
    'user_activity.views_1h': i % 40,
    'user_activity.mean_price_1d': (i * 7.3) % 90,
    'user_activity.events_30d': i % 300,
    'user_activity.recent_items': Array.from({ length: 20 }, (_, n) => `item-${n}`),
    'request.k': 20,
  };
  return {
    request_id: `request-${i}`,
    unit_id: 'a'.repeat(64),
    version: 1,
    user_id: `user-${i % 500}`,
    at: systemClock.now(),
    ...{ feature_partition: 0, feature_offset: i, features: JSON.stringify(features) },
    items: Array.from({ length: 20 }, (_, n) => `item-${n}`),
    scores: Array.from({ length: 20 }, (_, n) => 1 / (n + 1.37)),
    ...{ fallback: null, confidence: (i % 100) / 100, latency_ms: 3.2 },
  };
}

async function recordsOf(topic: string) {
  const log = await runtime.use('log');
  const ends = await log.endOffsets(topic);
  return (await Promise.all(ends.map((end, partition) => log.read(topic, partition, 0, end + 1)))).flat();
}

const bytesOf = async (topic: string) =>
  (await recordsOf(topic)).reduce((sum, { key, value }) => sum + key.length + value.length, 0);

const sizeOf = (folder: string, pattern: RegExp): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => pattern.test(path))
    .reduce((sum, path) => sum + statSync(path).size, 0);

const operations: Readonly<Record<string, () => Promise<Answer>>> = { collector, serving, sink, materializer, monitor };
const name = process.argv[2] ?? '';
const operation = operations[name];
if (operation === undefined) throw new Error(`no operation '${name}'; expected ${Object.keys(operations).join(', ')}`);
try {
  const answer = await operation();
  say({ answer });
} finally {
  await runtime.close();
  rmSync(dir, { recursive: true, force: true });
  process.disconnect?.();
}
