import { startPageServer } from '../../app/monitoring/page/server.ts';
import { explain } from '../../app/serving/explain.ts';
import type { Loop } from './loop.ts';
import { pageState } from './page-state.ts';

/** The live page of a loop. @throws MR_MONITORING_PORT_TAKEN */
export function startPage(loop: Loop, options: { readonly port: number; readonly host: string; readonly step: () => string }) {
  const { platform, options: loopOptions } = loop;
  const { usecase, clock, runtime } = loopOptions;
  const { lake, keys, audit } = platform.ports;
  return startPageServer({
    state: pageState(loop, options.step),
    explain: async (requestId) => {
      // The answer may be newer than the lake.
      await platform.lakeCaughtUp();
      return explain({ usecase, requestId, lake, registry: platform.registry, keys, clock, audit });
    },
    metrics: async () => `${await platform.metrics.metrics()}\n${await platform.serving.metrics.metrics()}`,
    host: options.host,
    port: options.port,
    logger: runtime.logger,
  });
}
