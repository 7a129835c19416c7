import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { namespaceStore } from '../governance/secrets.ts';
import { consumer } from '../ingestion/consumer.ts';
import type { Site } from '../site.ts';
import { backfill } from './backfill.ts';
import { featureViews } from './feature-views.ts';
import { valkey } from './valkey.ts';

/** The online store, where the platform runs it itself. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'features', { disableResourceNameHashes: true });
  if (site.dials.providers.online === 'valkey') namespaceStore(chart, site, 'features');
  valkey(chart, site);
  return chart;
}

/** What keeps a use case's features current, and fills them first. */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-features`, { disableResourceNameHashes: true });
  featureViews(chart, site, usecase);
  for (const declaration of workloadsOf(usecase)) {
    if (declaration.layer === 'features' && declaration.kind === 'consumer')
      consumer(chart, { site, usecase, declaration, priority: 'ingestion' });
  }
  backfill(chart, site, usecase);
  return chart;
}
