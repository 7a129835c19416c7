import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Site } from '../site.ts';
import { cronWorkflow } from './cron-workflow.ts';
import { REASON, type Trainer } from './trainer.ts';

const LATE_SECONDS = 1800;
const KEPT = 3;

/** The nightly training of a use case as an Argo CronWorkflow. */
export function retrain(scope: Construct, site: Site, usecase: UseCase, trainer: Trainer): void {
  const { declaration, pod, template } = trainer;
  cronWorkflow(scope, {
    site,
    usecase,
    declaration,
    pod,
    trainer,
    lateSeconds: LATE_SECONDS,
    kept: KEPT,
    workflow: {
      entrypoint: declaration.name,
      arguments: { parameters: [{ name: REASON, value: 'schedule' }] },
      templates: [template],
    },
  });
}
