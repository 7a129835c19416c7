import type { Construct } from 'constructs';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf } from '../site.ts';
import { declaredAnnotations, namedOf, type WorkloadProps, workloadName, workloadPod } from './workload.ts';

export interface RunProps extends WorkloadProps {
  /** Seconds after which a run is ended. */
  readonly deadlineSeconds: number;
  /** Pods that may fail before the run has failed. @default 2 */
  readonly retries?: number;
}

/** Finished runs stay readable for a day. */
const KEPT_SECONDS = 86_400;
const LATE_SECONDS = 600;

const runOf = (scope: Construct, props: RunProps) => ({
  backoffLimit: props.retries ?? 2,
  activeDeadlineSeconds: props.deadlineSeconds,
  template: workloadPod(scope, props),
});

const metadataOf = ({ site, usecase, declaration, annotations }: RunProps) => ({
  name: workloadName(usecase?.name, declaration),
  namespace: namespaceOf(declaration.layer),
  labels: labelsOf(namedOf(usecase?.name, declaration), site.dials.owner),
  annotations: { ...declaredAnnotations(usecase, declaration), ...annotations },
});

/**
 * A declared schedule: one run at a time, none that begins late, none that never ends. What a person begins is suspended: it
 * is what their runs are made from, and never one itself.
 */
export function cronJob(scope: Construct, props: RunProps): void {
  const { declaration } = props;
  object(scope, declaration.name, 'batch/v1 CronJob', {
    metadata: metadataOf(props),
    spec: {
      schedule: declaration.schedule ?? '0 0 * * *',
      timeZone: 'Etc/UTC',
      ...(declaration.byPerson === true && { suspend: true }),
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: LATE_SECONDS,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: labelsOf(namedOf(props.usecase?.name, declaration), props.site.dials.owner) },
        spec: { ...runOf(scope, props), ttlSecondsAfterFinished: KEPT_SECONDS },
      },
    },
  });
}

/**
 * A declared run, once for each suffix. It is kept when it is done, so that the deployment's record of it stays true.
 */
export function job(scope: Construct, { suffix, ...props }: RunProps & { readonly suffix: string }): void {
  const metadata = metadataOf(props);
  object(scope, props.declaration.name, 'batch/v1 Job', {
    metadata: { ...metadata, name: `${metadata.name}-${suffix}` },
    spec: runOf(scope, props),
  });
}
