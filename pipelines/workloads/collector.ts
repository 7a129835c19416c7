import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { startCollector } from '../../app/ingestion/collector.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

/** Takes events in over HTTP. Its routes for people stay closed: they read what other workloads may, and this one may not. */
export async function startCollecting({ runtime, usecase, port, host }: WorkloadOptions): Promise<RunningWorkload> {
  const { clock, logger, dataDir } = runtime;
  const [log, keys, audit] = [await runtime.use('log'), await runtime.use('keys'), await runtime.use('audit')];
  const metrics = new Metrics();
  const intake = await openIntake({ usecase, log, keys, clock, logger, dedupeDir: join(dataDir, 'dedupe') });
  try {
    const collector = await startCollector({ intake, keys, audit, usecase, port, host, logger, metrics, admin: false });
    return {
      url: collector.url,
      metrics,
      async close() {
        await collector.close();
        await intake.close();
      },
    };
  } catch (cause) {
    await intake.close();
    throw cause;
  }
}
