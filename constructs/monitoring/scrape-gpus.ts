import type { Construct } from 'constructs';
import { nodeReadinessWorkload } from '../../app/platform-workloads.ts';
import { labelsOf, selectorOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { opensNodes } from '../training/node-readiness.ts';
import { SELECTED } from './scrape.ts';

/** DCGM's exporter by the labels of its pods: its own chart's, and those that NVIDIA's GPU operator gives it. */
const EXPORTERS = {
  'dcgm-exporter': { 'app.kubernetes.io/name': 'dcgm-exporter' },
  'nvidia-dcgm-exporter': { app: 'nvidia-dcgm-exporter' },
} as const;

/**
 * Scrapes the GPUs, in whichever namespace their exporter runs, and names the node on every series, as the exporter itself does not;
 * and what opens nodes, where they start closed. Nothing where there are no GPUs.
 */
export function scrapeGpus(scope: Construct, { dials }: Site): void {
  if (dials.gpu.maxNodes === 0) return;
  const monitor = (name: string, spec: Readonly<Record<string, unknown>>) =>
    customObject(scope, `scrape-${name}`, 'monitoring.coreos.com/v1 PodMonitor', {
      metadata: {
        name,
        namespace: namespaceOf('monitoring'),
        labels: { ...labelsOf({ name: `scrape-${name}`, layer: 'monitoring' }, dials.owner), ...SELECTED },
      },
      spec,
    });
  for (const [name, matchLabels] of Object.entries(EXPORTERS))
    monitor(name, {
      namespaceSelector: { any: true },
      selector: { matchLabels },
      podMetricsEndpoints: [
        {
          port: 'metrics',
          path: '/metrics',
          ...EVERY,
          relabelings: [{ action: 'replace', sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
        },
      ],
    });
  if (!opensNodes(dials)) return;
  const { name, layer } = nodeReadinessWorkload;
  monitor(name, {
    namespaceSelector: { matchNames: [namespaceOf(layer)] },
    selector: { matchLabels: selectorOf({ name, layer }) },
    podMetricsEndpoints: [{ port: 'http', path: '/metrics', ...EVERY }],
  });
}

const EVERY = { interval: '30s', scrapeTimeout: '10s' } as const;
