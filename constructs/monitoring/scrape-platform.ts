import type { Construct } from 'constructs';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { labelsOf, selectorOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { CLUSTER } from '../registry/postgres.ts';
import { namespaceOf, type Site } from '../site.ts';
import { SELECTED } from './scrape.ts';
import { NAME as TELEMETRY } from './telemetry.ts';

const EVERY = { interval: '30s', scrapeTimeout: '10s' } as const;

/** Scrapes what serves all use cases: the registry, the collector of traces, and the database where an operator runs it. */
export function scrapePlatform(scope: Construct, { dials }: Site): void {
  const metadata = (name: string) => ({
    name,
    namespace: namespaceOf('monitoring'),
    labels: { ...labelsOf({ name: `scrape-${name}`, layer: 'monitoring' }, dials.owner), ...SELECTED },
  });
  for (const { name, layer, port } of [
    { name: registryWorkload.name, layer: registryWorkload.layer, port: 'http' },
    { name: TELEMETRY, layer: 'monitoring', port: 'metrics' },
  ])
    customObject(scope, `scrape-${name}`, 'monitoring.coreos.com/v1 ServiceMonitor', {
      metadata: metadata(name),
      spec: {
        namespaceSelector: { matchNames: [namespaceOf(layer)] },
        selector: { matchLabels: selectorOf({ name, layer }) },
        endpoints: [{ port, path: '/metrics', ...EVERY }],
      },
    });
  if (dials.providers.metadata !== 'cloudnative-pg') return;
  customObject(scope, 'scrape-postgres', 'monitoring.coreos.com/v1 PodMonitor', {
    metadata: metadata('postgres'),
    spec: {
      namespaceSelector: { matchNames: [namespaceOf(registryWorkload.layer)] },
      selector: { matchLabels: { 'cnpg.io/cluster': CLUSTER } },
      podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', ...EVERY }],
    },
  });
}
