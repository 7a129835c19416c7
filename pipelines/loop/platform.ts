import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { startMaterializer } from '../../app/features/materialize.ts';
import { erasedSweeper } from '../../app/governance/erased-sweeper.ts';
import { finishErasures } from '../../app/governance/erasure.ts';
import { moveErasures } from '../../app/governance/erasure-objects.ts';
import { TOKENS } from '../../app/governance/tokens.ts';
import { startCollector } from '../../app/ingestion/collector.ts';
import { type Intake, openIntake } from '../../app/ingestion/intake.ts';
import { ensureTopics } from '../../app/ingestion/topics.ts';
import type { DriftAsk } from '../../app/monitoring/drift.ts';
import { lagMetric, monitorMetrics } from '../../app/monitoring/metrics.ts';
import { type Monitor, startMonitor } from '../../app/monitoring/monitor.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import type { Ports, Runtime } from '../../app/runtime.ts';
import { tokenName } from '../../app/serving/access.ts';
import { ASKING } from '../../app/serving/kinds.ts';
import { startServing } from '../../app/serving/server.ts';
import type { FeatureView } from '../../app/usecases/feature.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { loadProfile } from '../../app/validation/profile-store.ts';
import { rebuildProfile } from '../../app/validation/rebuild-profile.ts';
import type { ReferenceProfile } from '../../app/validation/reference-profile.ts';
import { profileOf } from '../workloads/monitor.ts';
import { startEventSink, startPredictionSink } from '../workloads/sink.ts';

export interface PlatformOptions {
  readonly runtime: Runtime;
  readonly usecase: UseCase;
  readonly ports: { readonly collector: number; readonly serving: number };
  readonly host: string;
}

/** Everything of one use case that runs on this machine, layer by layer in data's way. */
export interface Platform {
  readonly ports: Ports;
  readonly registry: Registry;
  readonly intake: Intake;
  readonly collector: { readonly url: string; readonly token: string };
  readonly serving: Awaited<ReturnType<typeof startServing>> & { readonly token: string };
  readonly metrics: Metrics;
  /** Starts the consumers that need the online store filled. */
  startStreaming(onDrift: (ask: DriftAsk) => void): Promise<Monitor>;
  /** Makes the reference profile of each event from the lake, where there is none yet: later batches are judged against it. */
  profileEvents(): Promise<void>;
  /** Every event in the log is in the lake. */
  lakeCaughtUp(): Promise<void>;
  lag(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

/** Opens and starts the layers. Throws, with everything stopped again, where one cannot start (a port is taken, say). */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { runtime, usecase } = options;
  const { clock, logger } = runtime;
  const stops: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const ports: Ports = {
      keys: await runtime.use('keys'),
      metadata: await runtime.use('metadata'),
      audit: await runtime.use('audit'),
      objects: await runtime.use('objects'),
      lake: await runtime.use('lake'),
      online: await runtime.use('online'),
      log: await runtime.use('log'),
    };
    const { log, lake, keys, objects, online, metadata, audit } = ports;
    await ensureTopics(usecase, log);
    const registry = openRegistry({ metadata, objects, keys, audit, clock });
    const metrics = new Metrics();
    // What a crash left half done: erasures are finished, release files that no version names are removed.
    await moveErasures(runtime.dataDir, usecase, objects);
    await finishErasures({ usecase, keys, online, lake, audit, clock, objects });
    await erasedSweeper({ keys, online })();
    await registry.sweep(usecase.model.name);

    const intake = await openIntake({ usecase, log, keys, clock, logger, dedupeDir: join(runtime.dataDir, 'dedupe') });
    stops.push(() => intake.close());

    const sinks: Record<string, { readonly lag: () => Promise<number>; readonly caughtUp: () => Promise<void> }> = {};
    const references = new Map<string, ReferenceProfile>();
    const sinking = { usecase, log, lake, clock, logger };
    for (const event of usecase.events) {
      const known = await loadProfile(objects, usecase, event);
      if (known !== undefined) references.set(event.name, known);
      const sink = await startEventSink(sinking, event, () => references.get(event.name));
      stops.push(() => sink.close());
      sinks[`lake ${event.name}`] = sink;
    }
    const predictions = await startPredictionSink(sinking);
    stops.push(() => predictions.close());
    sinks['lake prediction'] = predictions;

    const collectorToken = await keys.secret(TOKENS.collector);
    const collector = await startCollector({
      intake,
      keys,
      usecase,
      port: options.ports.collector,
      host: options.host,
      logger,
      metrics,
    });
    stops.push(() => collector.close());
    const serving = await startServing({
      usecase,
      registry,
      online,
      log,
      keys,
      lake,
      audit,
      clock,
      logger,
      port: options.ports.serving,
      host: options.host,
    });
    stops.push(() => serving.close());

    const lags = () => Object.entries(sinks).map(async ([name, sink]) => [name, await sink.lag()] as const);
    lagMetric(metrics, Object.fromEntries(Object.entries(sinks).map(([name, sink]) => [name, sink.lag])));
    return {
      ports,
      registry,
      intake,
      collector: { url: collector.url, token: collectorToken },
      serving: { ...serving, token: await keys.secret(tokenName(ASKING[usecase.kind])) },
      metrics,
      lakeCaughtUp: async () => {
        await Promise.all(Object.values(sinks).map((sink) => sink.caughtUp()));
      },
      lag: async () => Object.fromEntries(await Promise.all(lags())),
      async profileEvents() {
        for (const event of usecase.events) {
          if (!references.has(event.name)) references.set(event.name, await rebuildProfile({ usecase, event, lake, objects }));
        }
      },
      async startStreaming(onDrift) {
        for (const view of usecase.views.filter((candidate): candidate is FeatureView => candidate.kind === 'windowed')) {
          const materializer = await startMaterializer({
            usecase,
            view,
            log,
            online,
            clock,
            logger,
            erased: () => keys.erased(),
          });
          stops.push(() => materializer.close());
          sinks[`online ${view.name}`] = materializer;
        }
        const monitor = await startMonitor({
          usecase,
          log,
          metadata,
          audit,
          clock,
          logger,
          metrics: monitorMetrics(metrics, usecase.kind),
          profile: (unitId) => profileOf(registry, unitId),
          onDrift,
        });
        stops.push(() => monitor.close());
        return monitor;
      },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}
