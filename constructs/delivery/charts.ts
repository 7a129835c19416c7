import { type App, Chart } from 'cdk8s';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 3600;
const GATE_SCHEDULE = '*/15 * * * *';
/** A person waits for it. */
const ACT_SECONDS = 900;
/** What the champion is tried with when it is judged anew. */
const ATTACKS = 'extraction,fuzz,poisoning';
const SCRATCH = '2Gi';

/**
 * The gate of a use case, under identities of its own that no trainer has: it judges every candidate that has no verdict
 * yet, and attacks the champion anew each week. What people decide on versions runs beside it, when they say so.
 */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-delivery`, { disableResourceNameHashes: true });
  for (const declaration of workloadsOf(usecase).filter(({ layer }) => layer === 'delivery'))
    cronJob(chart, {
      site,
      usecase,
      declaration: { schedule: GATE_SCHEDULE, ...declaration },
      resources: sizeOf(site, usecase.name, declaration, SCRATCH).resources,
      scratch: SCRATCH,
      priority: 'training',
      deadlineSeconds: declaration.byPerson === true ? ACT_SECONDS : DEADLINE_SECONDS,
      retries: 0,
      annotations: declaration.name === 'robustness' ? { [MODEL.robustness]: ATTACKS } : {},
    });
  return chart;
}
