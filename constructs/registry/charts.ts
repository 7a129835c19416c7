import { type App, Chart } from 'cdk8s';
import { namespaceStore } from '../governance/secrets.ts';
import type { Site } from '../site.ts';
import { databaseUsers } from './database-users.ts';
import { layout } from './layout.ts';
import { postgres } from './postgres.ts';
import { registry } from './registry.ts';

/** What all use cases' models are registered in. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'registry', { disableResourceNameHashes: true });
  if (site.dials.providers.metadata === 'cloudnative-pg') namespaceStore(chart, site, 'registry');
  postgres(chart, site);
  databaseUsers(chart, site);
  layout(chart, site);
  registry(chart, site);
  return chart;
}
