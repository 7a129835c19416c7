import { type App, Chart } from 'cdk8s';
import { admission } from '../governance/admission.ts';
import { gpuAlerts } from '../monitoring/gpu-alerts.ts';
import type { Site } from '../site.ts';
import { gatewayClass } from './gateway-class.ts';
import { gpuPools } from './gpu-pools.ts';
import { namespaces } from './namespaces.ts';
import { priorities } from './priorities.ts';

/** What everything else stands in and is held to: before all other charts. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'cluster', { disableResourceNameHashes: true });
  namespaces(chart, site);
  priorities(chart, site);
  gpuPools(chart, site);
  gatewayClass(chart, site);
  gpuAlerts(chart, site);
  admission(chart, site);
  return chart;
}
