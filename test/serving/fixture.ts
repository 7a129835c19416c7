import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { canonicalJson } from '../../app/canonical.ts';
import type { Clock, Micros } from '../../app/clock/port.ts';
import { startMaterializer } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { openEmbeddedAudit } from '../../app/governance/audit-sink/embedded.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { sealRow } from '../../app/governance/seal.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { ensureTopics, eventTopic, predictionTopic } from '../../app/ingestion/topics.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeEvent, eventTable, predictionTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import type { Version } from '../../app/registry/version.ts';
import { type Scope, tokenName } from '../../app/serving/access.ts';
import { decodePrediction, type Prediction } from '../../app/serving/prediction.ts';
import { type Serving, type ServingOptions, startServing } from '../../app/serving/server.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { activity } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';
import { type HandMade, makeRelease } from './release.ts';

/** What the routes answer; a test asserts the members it reads. */
interface Answer extends Readonly<Record<string, unknown>> {
  readonly items: readonly string[];
}

export const ITEMS = Array.from({ length: 60 }, (_, index) => `item-${String(index).padStart(2, '0')}`);
export const USERS = Array.from({ length: 20 }, (_, index) => `user-${index}`);

const logger = pino({ level: process.env['MILLRACE_TEST_LOG'] ?? 'silent' });

/** A data folder of its own with every embedded adapter open, and a server on a free port when `start` is called. */
export async function openFixture(change: Partial<RecommenderUseCase['serving']> = {}) {
  // Tests of many requests are not tests of the rate limit.
  const usecase: RecommenderUseCase = {
    ...retail,
    serving: { ...retail.serving, rateLimit: { perSecond: 1e6, burst: 1e6 }, ...change },
  };
  const dir = await mkdtemp(join(tmpdir(), 'millrace-serving-'));
  const clock: Clock & { time: Micros } = {
    time: 1_767_225_600_000_000,
    now() {
      return this.time;
    },
  };
  const keys = await openEmbeddedKeys(join(dir, 'keys'));
  const audit = await openEmbeddedAudit({ dir: join(dir, 'audit'), witnessDir: join(dir, 'witness'), keys, clock });
  const objects = await openEmbeddedObjects(join(dir, 'objects'));
  const lake = await openEmbeddedLake(objects, { scratchDir: join(dir, 'scratch'), clock });
  const online = await openEmbeddedOnline(join(dir, 'online'));
  const metadata = await openEmbeddedMetadata(join(dir, 'metadata.sqlite'));
  const log = await openEmbeddedLog(join(dir, 'log'));
  await ensureTopics(usecase, log);
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  const materializer = startMaterializer({ usecase, view: activity, log, online, clock, logger });
  const closers: (() => Promise<unknown>)[] = [];
  let clicks = 0;

  const sinkOf = (topic: string, table: ReturnType<typeof eventTable>, decode: ReturnType<typeof decodeEvent>) =>
    startLakeSink({ log, lake, topic, table, decode, clock, logger, maxWaitMs: 20 });

  return {
    usecase,
    dir,
    clock,
    keys,
    audit,
    objects,
    metadata,
    lake,
    online,
    log,
    registry,
    /** Appends clicks, sealed as the collector does, and waits until the online store holds them. */
    async click(user: string, items: readonly string[], kind = 'view', at = clock.time): Promise<void> {
      const sealed = items.map((item) => {
        clicks += 1;
        const wire = { user_id: user, session_id: `session-${user}`, item_id: item, kind, price: 10, address: null };
        return sealRow(click, { event_id: `event-${clicks}`, ...wire, event_time: at }, keys);
      });
      const records = (await Promise.all(sealed)).map((row) => ({
        key: String(row['user_id']),
        value: Buffer.from(JSON.stringify(row)),
      }));
      await log.append(eventTopic(usecase, 'click'), records);
      await materializer.caughtUp();
    },
    /** Registers a release made by hand. */
    async release(seed: number, options: Partial<HandMade> = {}): Promise<Version> {
      const made = { usecase, objects, lake, keys, items: ITEMS, users: USERS, seed, createdAt: clock.time, ...options };
      return registry.register(await makeRelease(made), 'test');
    },
    /** Gates and approves a version, and makes it champion. */
    async promote({ version, unitId }: Version): Promise<void> {
      const evidence = canonicalJson({
        kind: 'verdict',
        model: usecase.model.name,
        version,
        unitId,
        verdict: 'passed',
        approval: 'local',
      });
      await registry.recordVerdict('gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
      await registry.approve(usecase.model.name, version, 'local');
      await registry.promote(usecase.model.name, version, 'test', 'a test');
    },
    async start(options: Partial<ServingOptions> = {}): Promise<Serving> {
      const ports = { usecase, registry, online, log, keys, lake, audit, clock, logger };
      const serving = await startServing({ ...ports, port: 0, pollMs: 10, ...options });
      closers.push(() => serving.close());
      return serving;
    },
    token: (scope: Scope) => keys.secret(tokenName(scope)),
    /** POSTs (or, without a body, GETs) as the bearer of the scope's token. */
    async call(serving: Serving, path: string, body?: unknown, scope: Scope = 'recommend') {
      const response = await fetch(`${serving.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${await keys.secret(tokenName(scope))}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const json = (type.includes('json') ? JSON.parse(text) : {}) as Answer;
      return { status: response.status, headers: response.headers, type, text, json };
    },
    /** Every prediction in the event log. */
    async predictions(): Promise<readonly Prediction[]> {
      const topic = predictionTopic(usecase);
      const ends = await log.endOffsets(topic);
      const read = await Promise.all(ends.map((end, partition) => log.read(topic, partition, 0, end + 1)));
      return read.flat().map(({ value }) => JSON.parse(value.toString()) as Prediction);
    },
    /** Moves all clicks and predictions of the log into the lake. */
    async sink(): Promise<void> {
      const sinks = [
        await sinkOf(eventTopic(usecase, 'click'), eventTable(usecase, click), decodeEvent(click)),
        await sinkOf(predictionTopic(usecase), predictionTable(usecase), decodePrediction),
      ];
      for (const sink of sinks) {
        await sink.caughtUp();
        await sink.close();
      }
    },
    async close(): Promise<void> {
      for (const closer of closers.reverse()) await closer();
      await materializer.close();
      await log.close();
      await online.close();
      await lake.close();
      await metadata.close();
      await audit.close();
      await keys.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type Fixture = Awaited<ReturnType<typeof openFixture>>;
