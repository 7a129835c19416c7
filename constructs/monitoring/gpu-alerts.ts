import type { Construct } from 'constructs';
import { WATCHES } from '../../app/usecases/annotations.ts';
import prices from '../capacity/prices.json' with { type: 'json' };
import type { Dials } from '../dials.ts';
import type { Site } from '../site.ts';
import { type Alert, written } from './alerts.ts';
import { prometheusRule } from './rules.ts';

/** A node with one GPU, an hour, in the plan's currency. */
const GPU_HOUR = prices.hourly.gpuNode['4'];
/** Hours of an average month. */
const MONTH_HOURS = 730;

/** What a pool of GPUs comes with: idle and costly ones are told of. Nothing where there is none. */
export function gpuAlerts(scope: Construct, site: Site): void {
  const { gpu, alerts } = site.dials;
  if (gpu.maxNodes === 0) return;
  const rules = watching(gpu).map(written(alerts.runbooks, {}));
  prometheusRule(scope, { site, id: 'gpu-alerts', name: 'gpu', groups: [{ name: 'gpu', rules }] });
}

const watching = ({ idleMinutes, monthlyBudget }: Dials['gpu']): readonly Alert[] => [
  {
    alert: 'MillraceGpuIdle',
    // As scrape-gpus.ts names the node; what else scrapes the exporter does not.
    expr: 'min by (node, gpu) (DCGM_FI_DEV_GPU_UTIL{node!=""}) < 5',
    for: `${idleMinutes}m`,
    severity: 'ticket',
    summary: 'A GPU has been idle',
    runbook: 'gpu-idle',
    labels: { [WATCHES]: 'gpu-idle' },
  },
  {
    alert: 'MillraceGpuBudget',
    expr: `sum(avg_over_time(kube_node_status_capacity{resource="nvidia_com_gpu"}[30d:1h])) * ${MONTH_HOURS} * ${GPU_HOUR} > ${monthlyBudget}`,
    for: '1h',
    severity: 'ticket',
    summary: `GPUs cost more than ${monthlyBudget} in a month`,
    runbook: 'gpu-budget',
    labels: { [WATCHES]: 'gpu-budget' },
  },
];
