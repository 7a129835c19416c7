import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { sizeOf } from '../cluster/size.ts';
import { workloadPod } from '../cluster/workload.ts';
import type { Site } from '../site.ts';
import { cronWorkflow } from './cron-workflow.ts';
import { podOf, REASON, type Trainer, templateOf } from './trainer.ts';

const LATE_SECONDS = 300;
const ASKING_SECONDS = 600;
const ENTRY = 'answer-drift';

/**
 * The answer to drift, as an Argo CronWorkflow: a small pod asks whether an open drift wants a retraining, and only then the
 * nightly's own template runs. It asks when it holds the lock of trainings, so that it sees what the nightly has just done.
 * The monitor starts nothing and needs no right to.
 */
export function retrainOnDrift(scope: Construct, site: Site, usecase: UseCase, trainer: Trainer): void {
  const declaration = workloadsOf(usecase).find(({ layer, name }) => layer === 'training' && name === 'retrain-on-drift');
  if (declaration === undefined) return;
  const asking = podOf(
    workloadPod(scope, {
      site,
      usecase,
      declaration,
      network: 'layer',
      priority: 'training',
      resources: sizeOf(site, usecase.name, declaration).resources,
      // Every container of a run that may train says what the run is pinned to.
      env: trainer.pins,
    }),
  );
  const answer = (path: string) => `{{=jsonpath(steps.due.outputs.result, '$.${path}')}}`;
  const train = {
    name: 'train',
    template: trainer.declaration.name,
    when: `${answer('due')} == true`,
    arguments: { parameters: [{ name: REASON, value: answer('reason') }] },
  };
  cronWorkflow(scope, {
    site,
    usecase,
    declaration,
    pod: asking,
    trainer,
    lateSeconds: LATE_SECONDS,
    kept: 1,
    workflow: {
      entrypoint: ENTRY,
      templates: [
        { name: ENTRY, steps: [[{ name: 'due', template: declaration.name }], [train]] },
        templateOf(declaration.name, asking, ASKING_SECONDS),
        trainer.template,
      ],
    },
  });
}
