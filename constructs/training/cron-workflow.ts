import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { namedOf, workloadName } from '../cluster/workload.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import type { Pod, Trainer } from './trainer.ts';

export interface CronWorkflowProps {
  readonly site: Site;
  readonly usecase: UseCase;
  /** Whose schedule and account the runs have. */
  readonly declaration: WorkloadDeclaration;
  /** The first pod of a run: what every pod of it has. */
  readonly pod: Pod;
  readonly trainer: Trainer;
  /** A run that could not begin for so long is left out. */
  readonly lateSeconds: number;
  /** Runs that ended well and are kept. */
  readonly kept: number;
  readonly workflow: Readonly<{ entrypoint: string; templates: readonly unknown[]; arguments?: unknown }>;
}

/** Runs by a schedule that train, or may: one at a time of each kind. */
export function cronWorkflow(scope: Construct, props: CronWorkflowProps): void {
  const { site, usecase, declaration, trainer, pod } = props;
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
      startingDeadlineSeconds: props.lateSeconds,
      successfulJobsHistoryLimit: props.kept,
      failedJobsHistoryLimit: 3,
      workflowMetadata: { labels },
      workflowSpec: {
        ...trainer.workflow,
        ...props.workflow,
        serviceAccountName: pod.spec.serviceAccountName,
        podMetadata: pod.metadata,
        podPriorityClassName: pod.spec.priorityClassName,
        securityContext: pod.spec.securityContext,
      },
    },
  });
}
