import { Registry as Metrics } from 'prom-client';
import { backfill } from '../../app/features/backfill.ts';
import { type Materializer, startMaterializer } from '../../app/features/materialize.ts';
import { erasedSweeper } from '../../app/governance/erased-sweeper.ts';
import type { Membership } from '../../app/ingestion/event-log/port.ts';
import { ensureTopics, eventTopic } from '../../app/ingestion/topics.ts';
import { lagMetric } from '../../app/monitoring/metrics.ts';
import type { FeatureView } from '../../app/usecases/feature.ts';
import { groupOf } from '../../app/workloads.ts';
import { openProbes } from './probes.ts';
import { shareProgress } from './progress.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

/** How soon after an erasure a row is gone that a writer who had not heard of it brought back. */
const SWEEP_MS = 5_000;

/** Keeps every windowed view online: filled from the lake where it never was, then with the stream, each replica for its partitions. */
export async function startStreaming({ runtime, usecase, port, host }: WorkloadOptions): Promise<RunningWorkload> {
  const { clock, logger } = runtime;
  const [log, lake, online, keys] = [
    await runtime.use('log'),
    await runtime.use('lake'),
    await runtime.use('online'),
    await runtime.use('keys'),
  ];
  const erased = () => keys.erased();
  const sweep = erasedSweeper({ keys, online });
  const running = new Map<FeatureView, Materializer>();
  const metrics = new Metrics();
  const views = usecase.views.filter((view): view is FeatureView => view.kind === 'windowed');
  const ready = async () => {
    for (const one of running.values()) await one.lag();
    return running.size === views.length;
  };
  let members: Membership | undefined;
  // A first fill takes as long as there is history: the process is alive, started, and not ready meanwhile.
  const probes = openProbes({ port, host, logger, metrics, ready, startsLong: true });
  const close = async () => {
    await probes.close();
    for (const one of running.values()) await one.close();
  };
  try {
    const topics = [...new Set(views.map(({ source }) => eventTopic(usecase, source.name)))];
    await ensureTopics(usecase, log, topics);
    const url = await probes.listen();
    for (const view of views) await backfill({ usecase, view, lake, online, logger, erased });
    if (topics.length > 0) members = await log.join(groupOf(usecase, 'materializer'), topics);
    for (const view of views)
      running.set(view, startMaterializer({ usecase, view, log, members, online, clock, logger, erased }));
    lagMetric(metrics, Object.fromEntries([...running].map(([{ name }, one]) => [`online ${name}`, one.lag])));
    const followers = [...running].map(([{ source }, { positions }]) => ({
      topic: eventTopic(usecase, source.name),
      group: groupOf(usecase, 'materializer'),
      position: positions,
    }));
    const progress = shareProgress({ log, logger, followers, ...(members !== undefined && { members }) });
    await sweep();
    const sweeping = setInterval(
      () => sweep().catch((err: unknown) => logger.error({ err }, 'rows of erased persons could not be swept')),
      SWEEP_MS,
    );
    return {
      url,
      metrics,
      async close() {
        clearInterval(sweeping);
        await close();
        await progress.close();
        await members?.leave();
      },
    };
  } catch (cause) {
    await close();
    await members?.leave();
    throw cause;
  }
}
