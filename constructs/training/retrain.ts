import type { Construct } from 'constructs';
import { CHECKPOINT, MAX_TRIALS, SETTING } from '../../app/usecases/annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { resourcesOf } from '../cluster/size.ts';
import { declaredAnnotations, namedOf, workloadName, workloadPod } from '../cluster/workload.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { EXECUTOR } from './executor.ts';

const DEADLINE_SECONDS = 4 * 3600;
const LATE_SECONDS = 1800;
const KEPT_SECONDS = 7 * 86_400;
const SCRATCH = '8Gi';

/**
 * The nightly training of a use case as an Argo CronWorkflow: one run at a time, ended at its deadline, tried again with
 * growing pauses from its last checkpoint. It lands on the GPU pool where the trainer asks for an accelerator.
 */
export function retrain(scope: Construct, site: Site, usecase: UseCase): void {
  const declaration = workloadsOf(usecase).find(({ layer, name }) => layer === 'training' && name === 'retrain');
  const plan = site.plan.usecases[usecase.name]?.training;
  if (declaration === undefined || plan === undefined) return;
  const { model } = usecase;
  const checkpoint = `checkpoints/${model.name}/`;
  const trials = String(model.trainer.search.maxTrials);
  const pod = workloadPod(scope, {
    site,
    usecase,
    declaration,
    network: 'layer',
    priority: 'training',
    resources: { ...resourcesOf(plan, SCRATCH), gpus: plan.gpu.value },
    scratch: SCRATCH,
    env: {
      [MODEL_ENVIRONMENT.seed]: String(model.seed),
      [MODEL_ENVIRONMENT.codeCommit]: site.dials.commit,
      [MODEL_ENVIRONMENT.dataSnapshot]: 'at-start',
      [SETTING.maxTrials]: trials,
      MILLRACE_CHECKPOINT: checkpoint,
      MILLRACE_IMAGE: site.dials.image,
    },
  });
  const spec = pod.spec as PodSpec;
  const labels = labelsOf(namedOf(usecase.name, declaration), site.dials.owner);
  const minSupport = usecase.views.flatMap((view) => (view.kind === 'embedding' ? [`${view.name}=${view.minSupport}`] : []));
  customObject(scope, declaration.name, 'argoproj.io/v1alpha1 CronWorkflow', {
    metadata: {
      name: workloadName(usecase.name, declaration),
      namespace: namespaceOf('training'),
      labels,
      annotations: {
        ...declaredAnnotations(usecase, declaration),
        [CHECKPOINT]: checkpoint,
        [MAX_TRIALS]: trials,
        ...(minSupport.length > 0 && { [MODEL.minSupport]: minSupport.join(',') }),
      },
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
        entrypoint: declaration.name,
        activeDeadlineSeconds: DEADLINE_SECONDS,
        ttlStrategy: { secondsAfterCompletion: KEPT_SECONDS },
        podGC: { strategy: 'OnPodSuccess' },
        serviceAccountName: spec.serviceAccountName,
        automountServiceAccountToken: false,
        executor: { serviceAccountName: EXECUTOR },
        podMetadata: pod.metadata,
        podPriorityClassName: spec.priorityClassName,
        securityContext: spec.securityContext,
        templates: [
          {
            name: declaration.name,
            metadata: pod.metadata,
            activeDeadlineSeconds: String(DEADLINE_SECONDS),
            retryStrategy: {
              limit: 2,
              retryPolicy: 'OnTransientError',
              backoff: { duration: '2m', factor: 2, maxDuration: '1h' },
            },
            priorityClassName: spec.priorityClassName,
            nodeSelector: spec.nodeSelector,
            ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
            volumes: spec.volumes,
            container: spec.containers[0],
          },
        ],
      },
    },
  });
}

/** What a pod template's spec is here: plain values, no outputs. */
interface PodSpec {
  readonly serviceAccountName: string;
  readonly priorityClassName: string;
  readonly securityContext: unknown;
  readonly nodeSelector: unknown;
  readonly tolerations?: unknown;
  readonly volumes: unknown;
  readonly containers: readonly unknown[];
}
