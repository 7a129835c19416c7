import { join } from 'node:path';
import { pino } from 'pino';
import { canonicalJson } from '../../app/canonical.ts';
import { DAY } from '../../app/clock/port.ts';
import { backfill } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { predictionTopic } from '../../app/ingestion/topics.ts';
import { predictionTable } from '../../app/lake/event-table.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import type { Version } from '../../app/registry/version.ts';
import { type Scope, tokenName } from '../../app/serving/access.ts';
import { decodePrediction } from '../../app/serving/prediction.ts';
import { startServing } from '../../app/serving/server.ts';
import { ordering, repute } from '../../app/usecases/fraud/features.ts';
import { orderSimulation } from '../../app/usecases/fraud/simulation.ts';
import { freshOrders, NOW, small } from '../training/classifier/orders.ts';

export type Json = Readonly<Record<string, unknown>>;

const logger = pino({ level: 'silent' });

/** A day of orders in lake and online store, and a server that decides about the last of them. */
export async function openOrders() {
  const events = [...orderSimulation.events({ from: NOW - DAY, to: NOW, changes: [] })];
  const orders = await freshOrders(small, events, NOW);
  const log = await openEmbeddedLog(join(orders.dir, 'log'));
  const online = await openEmbeddedOnline(join(orders.dir, 'online'));
  const { lake, keys, registry, audit, clock } = orders;
  for (const view of [ordering, repute]) await backfill({ usecase: small, view, lake, online, logger });
  const ports = { registry, online, log, keys, lake, audit, clock, logger };
  const serving = await startServing({ usecase: small, ...ports, port: 0, pollMs: 10 });

  return {
    serving,
    lake,
    /** Orders as they are sent, newest last. */
    asks: events.flatMap(({ asks, wire }) => (asks ? [wire as Json] : [])).slice(-40),
    /** POSTs (or, without a body, GETs) as the bearer of the scope's token. */
    async call(path: string, body?: unknown, scope: Scope = 'classify') {
      const response = await fetch(`${serving.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${await keys.secret(tokenName(scope))}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: (await response.json()) as Json };
    },
    /** Trains a release and lets it answer. */
    async release(): Promise<Version> {
      const made = await registry.register(await orders.train(), 'test');
      const { version, unitId, model } = made;
      const evidence = canonicalJson({ kind: 'verdict', model, version, unitId, verdict: 'passed', approval: 'local' });
      await registry.recordVerdict('gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
      await registry.approve(model, version, 'local');
      await registry.promote(model, version, 'test', 'a test');
      while (serving.unit()?.version !== version) await serving.looked();
      return made;
    },
    /** Moves the answers given so far into the lake. */
    async sink(): Promise<void> {
      await serving.logged();
      const [topic, table] = [predictionTopic(small), predictionTable(small)];
      const sink = await startLakeSink({ log, lake, topic, table, decode: decodePrediction, clock, logger });
      await sink.caughtUp();
      await sink.close();
    },
    async close(): Promise<void> {
      await serving.close();
      await log.close();
      await online.close();
      await orders.end();
    },
  };
}

export type Orders = Awaited<ReturnType<typeof openOrders>>;
