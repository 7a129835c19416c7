import { type App, Chart } from 'cdk8s';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 3600;
const GATE_SCHEDULE = '*/15 * * * *';
const ROBUSTNESS_SCHEDULE = '0 4 * * 1';
const SCRATCH = '2Gi';

/**
 * The gate of a use case, under an identity of its own that no trainer has: it judges every candidate that has no verdict
 * yet, and attacks the champion anew each week.
 */
export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-delivery`, { disableResourceNameHashes: true });
  const gate = workloadsOf(usecase).find(({ layer }) => layer === 'delivery');
  if (gate === undefined) return chart;
  const { resources } = sizeOf(site, usecase.name, gate, SCRATCH);
  const run = (declaration: WorkloadDeclaration, annotations: Readonly<Record<string, string>>) =>
    cronJob(chart, {
      site,
      usecase,
      declaration,
      resources,
      scratch: SCRATCH,
      priority: 'training',
      deadlineSeconds: DEADLINE_SECONDS,
      retries: 0,
      annotations,
    });
  run({ ...gate, schedule: GATE_SCHEDULE }, {});
  run(
    { ...gate, name: 'robustness', command: ['delivery', 'gate', '--champion'], schedule: ROBUSTNESS_SCHEDULE },
    { [MODEL.robustness]: 'extraction,fuzz,poisoning' },
  );
  return chart;
}
