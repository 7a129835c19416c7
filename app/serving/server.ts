import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Clock } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { EventLog } from '../ingestion/event-log/port.ts';
import { ensureTopics, predictionTopic } from '../ingestion/topics.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { openAccess } from './access.ts';
import { watchChampion } from './champion.ts';
import { servingError } from './errors.ts';
import { explainRoute } from './explain-route.ts';
import { guardBy } from './guard.ts';
import { answerRoutes } from './kinds.ts';
import { servingMetrics } from './metrics.ts';
import { operateRoutes, type Readiness } from './operate-routes.ts';
import { openPredictionLog } from './prediction-log.ts';
import { tokenBuckets } from './rate-limit.ts';
import { unitSlot } from './unit.ts';
import { closeWeb, openWeb, type Web } from './web.ts';

export interface ServingOptions {
  readonly usecase: UseCase;
  readonly registry: Pick<Registry, 'alias' | 'byUnit' | 'loadUnit'>;
  readonly online: OnlineStore;
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly lake: Lake;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 for a free one. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** How often the registry is asked for the champion, milliseconds. @default 200 */
  readonly pollMs?: number;
  /** How long the server still answers once it says it is not ready, so that a load balancer can see it. @default 0 */
  readonly drainDelayMs?: number;
  /** How long requests in flight may take once the server closes; then their connections are cut. @default 10_000 */
  readonly graceMs?: number;
  /** Most predictions waiting for the event log before requests wait too. @default 8192 */
  readonly logCapacity?: number;
}

export interface Serving {
  readonly url: string;
  /** The release unit that answers now. */
  unit(): { readonly unitId: string; readonly version: number } | undefined;
  readonly metrics: MetricsRegistry;
  /** Readiness as of the last look at the store; `/readyz` looks anew. */
  ready(): boolean;
  /** Resolves after the next look at the registry. */
  looked(): Promise<void>;
  /** Resolves when every answer given so far is durable in the event log. */
  logged(): Promise<void>;
  /** Not ready, no new requests, those in flight answered, predictions durable, units closed: in this order. */
  close(): Promise<void>;
}

/**
 * Starts the API of one use case. It answers at once, by the fallback while no release is loaded, and follows the
 * registry's champion from then on. @throws MR_SERVING_PORT_TAKEN
 */
export async function startServing(options: ServingOptions): Promise<Serving> {
  const { usecase, online, log, keys, lake, audit, clock, logger, registry } = options;
  await ensureTopics(usecase, log, [predictionTopic(usecase)]);
  const access = await openAccess({ keys, audit, logger });
  const guard = guardBy(access, tokenBuckets(usecase.serving.rateLimit));
  const metrics = servingMetrics();
  const slot = unitSlot((unit) => watch.closed(unit));
  const watch = watchChampion({
    usecase,
    registry,
    lake,
    online,
    keys,
    slot,
    audit,
    logger,
    metrics,
    pollMs: options.pollMs ?? 200,
  });
  const capacity = options.logCapacity === undefined ? {} : { capacity: options.logCapacity };
  const predictions = openPredictionLog({ log, topic: predictionTopic(usecase), logger, metrics, ...capacity });

  let closing = false;
  let storeReachable = false;
  // A champion that is not loaded is waited for: only where there is none does the fallback count as ready.
  const isReady = () => storeReachable && !closing && (slot.current() !== undefined || watch.none());
  async function readiness(): Promise<Readiness> {
    storeReachable = await reachable(online, usecase.serving.storeTimeoutMs * 4);
    const unit = slot.current();
    const answers = unit === undefined ? 'fallback' : 'model';
    return { ready: isReady(), model: unit?.unitId ?? 'none', answers, store: storeReachable, closing };
  }

  const stopParts = async () => {
    await watch.stop();
    await companion.stop();
    await predictions.close();
    await access.settled();
    await slot.close();
  };

  const app = await openWeb({ usecase, logger, metrics });
  const ready = async () => (await readiness()).ready;
  const companion = answerRoutes(app, { usecase, online, lake, keys, clock, logger, metrics, predictions, slot, guard, ready });
  explainRoute(app, { usecase, registry, lake, keys, audit, clock, guard });
  let started = false;
  operateRoutes(app, { metrics, readiness, started: () => started });
  await companion.start();
  try {
    await listen(app, options.host ?? '127.0.0.1', options.port);
  } catch (error) {
    await app.close();
    await stopParts();
    throw error;
  }
  await watch.looked();
  await readiness();
  started = true;

  let closed: Promise<void> | undefined;
  return {
    url: addressOf(app),
    unit: () => {
      const unit = slot.current();
      return unit === undefined ? undefined : { unitId: unit.unitId, version: unit.version };
    },
    metrics: metrics.registry,
    ready: isReady,
    looked: () => watch.looked(),
    logged: () => predictions.flushed(),
    close() {
      closed ??= (async () => {
        closing = true;
        if (options.drainDelayMs !== undefined) await sleep(options.drainDelayMs);
        await closeWeb(app, options.graceMs ?? 10_000);
        await stopParts();
      })();
      return closed;
    },
  };
}

/** Whether the online store answers a read within `ms`. */
async function reachable(online: OnlineStore, ms: number): Promise<boolean> {
  const late = new AbortController();
  try {
    return await Promise.race([
      online.offsets('serving-readiness').then(() => true),
      sleep(ms, false, { signal: late.signal }).catch(() => false),
    ]);
  } catch {
    return false;
  } finally {
    late.abort();
  }
}

async function listen(app: Web, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw servingError('MR_SERVING_PORT_TAKEN', `port ${port} of ${host} is in use`, {
      field: '--port',
      value: port,
      expected: 'a free port',
      cause: error,
    });
  }
}

function addressOf(app: Web): string {
  const [address] = app.addresses();
  if (typeof address !== 'object') throw new RangeError('the server listens nowhere');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
