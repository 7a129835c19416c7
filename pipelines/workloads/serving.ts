import { openRegistry } from '../../app/registry/registry.ts';
import { startServing } from '../../app/serving/server.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

/** Answers requests, by the registry's champion as soon as there is one. */
export async function startAnswering({ runtime, usecase, port, host }: WorkloadOptions): Promise<RunningWorkload> {
  const { clock, logger } = runtime;
  const [log, lake, online] = [await runtime.use('log'), await runtime.use('lake'), await runtime.use('online')];
  const [metadata, objects] = [await runtime.use('metadata'), await runtime.use('objects')];
  const [keys, audit] = [await runtime.use('keys'), await runtime.use('audit')];
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  const serving = await startServing({ usecase, registry, online, log, keys, lake, audit, clock, logger, port, host });
  return { url: serving.url, metrics: serving.metrics, close: () => serving.close() };
}
