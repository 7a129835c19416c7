import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { namedOf, workloadName } from '../cluster/workload.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { REASON, type Trainer } from './trainer.ts';

const LATE_SECONDS = 1800;

/** The nightly training of a use case as an Argo CronWorkflow. */
export function retrain(scope: Construct, site: Site, usecase: UseCase, trainer: Trainer): void {
  const { declaration, pod } = trainer;
  const labels = labelsOf(namedOf(usecase.name, declaration), site.dials.owner);
  customObject(scope, declaration.name, 'argoproj.io/v1alpha1 CronWorkflow', {
    metadata: {
      name: workloadName(usecase.name, declaration),
      namespace: namespaceOf('training'),
      labels,
      annotations: trainer.annotations,
    },
    spec: {
      schedules: [declaration.schedule],
      timezone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: LATE_SECONDS,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      workflowMetadata: { labels },
      workflowSpec: {
        ...trainer.workflow,
        entrypoint: declaration.name,
        arguments: { parameters: [{ name: REASON, value: 'schedule' }] },
        serviceAccountName: pod.spec.serviceAccountName,
        podMetadata: pod.metadata,
        podPriorityClassName: pod.spec.priorityClassName,
        securityContext: pod.spec.securityContext,
        templates: [trainer.template],
      },
    },
  });
}
