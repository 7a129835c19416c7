import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { consumer } from '../ingestion/consumer.ts';
import type { Site } from '../site.ts';
import { maintenance } from './maintenance.ts';
import { warehouse } from './warehouse.ts';
import { warehouseTables } from './warehouse-tables.ts';

/** Disk of the sink: batches on their way into files. */
const SINK_DISK = '2Gi';

/** The warehouse over the lake, where the platform runs it itself. */
export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'lake', { disableResourceNameHashes: true });
  warehouse(chart, site);
  return chart;
}

/** What fills a use case's tables and keeps them small. */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-lake`, { disableResourceNameHashes: true });
  for (const declaration of workloadsOf(usecase)) {
    if (declaration.layer === 'lake' && declaration.kind === 'consumer')
      consumer(chart, { site, usecase, declaration, priority: 'ingestion', disk: SINK_DISK, scratch: SINK_DISK });
  }
  maintenance(chart, site, usecase);
  warehouseTables(chart, site, usecase);
  return chart;
}
