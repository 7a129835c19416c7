import { Registry as Metrics } from 'prom-client';
import { ensureTopics } from '../../app/ingestion/topics.ts';
import { lagMetric, monitorMetrics, skewMetrics } from '../../app/monitoring/metrics.ts';
import { startMonitor, watchedTopics } from '../../app/monitoring/monitor.ts';
import type { Sketch } from '../../app/monitoring/sketch.ts';
import { startSkewWatch } from '../../app/monitoring/skew.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { groupOf } from '../../app/workloads.ts';
import { openProbes } from './probes.ts';
import { shareProgress } from './progress.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

/** The reference profile that a release carries. */
export async function profileOf(registry: Pick<Registry, 'loadUnit'>, unitId: string): Promise<Readonly<Record<string, Sketch>>> {
  const { files } = await registry.loadUnit(unitId);
  return (JSON.parse(files['profile.json'].toString('utf8')) as { readonly features: Readonly<Record<string, Sketch>> }).features;
}

/**
 * Watches answers and what users did next; drift is a metric, an audit record and a row that the retraining reads. Features
 * that were served are compared with the lake.
 */
export async function startWatching({ runtime, usecase, port, host }: WorkloadOptions): Promise<RunningWorkload> {
  const { clock, logger } = runtime;
  const [log, metadata, audit] = [await runtime.use('log'), await runtime.use('metadata'), await runtime.use('audit')];
  const [keys, objects, lake] = [await runtime.use('keys'), await runtime.use('objects'), await runtime.use('lake')];
  const topics = watchedTopics(usecase);
  await ensureTopics(usecase, log, topics);
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  const metrics = new Metrics();
  const monitor = await startMonitor({
    ...{ usecase, log, metadata, audit, clock, logger },
    metrics: monitorMetrics(metrics, usecase.kind),
    profile: (unitId) => profileOf(registry, unitId),
    onDrift: ({ kind, drift: { feature } }) => logger.warn({ feature, kind }, 'drift asks for retraining'),
  });
  const skew = startSkewWatch({ usecase, lake, clock, logger, count: skewMetrics(metrics, usecase) });
  const lagOf = (topic: string) => async () => {
    const positions = monitor.positions(topic);
    return (await log.endOffsets(topic)).reduce((sum, end, partition) => sum + end - (positions[partition] ?? 0), 0);
  };
  const ready = async () => {
    for (const topic of topics) await lagOf(topic)();
    return monitor.watching();
  };
  lagMetric(metrics, Object.fromEntries(topics.map((topic) => [`monitor ${topic}`, lagOf(topic)])));
  const group = groupOf(usecase, 'monitor');
  const followers = topics.map((topic) => ({ topic, group, position: () => monitor.positions(topic) }));
  const progress = shareProgress({ log, logger, followers });
  const probes = openProbes({ port, host, logger, metrics, ready, alive: () => monitor.watching() });
  const close = async () => {
    await probes.close();
    await skew.close();
    await monitor.close();
    await progress.close();
  };
  const url = await probes.listen().catch(async (cause: unknown) => {
    await close();
    throw cause;
  });
  return { url, metrics, close };
}
