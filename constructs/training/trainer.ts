import type { Construct } from 'constructs';
import { CHECKPOINT, MAX_TRIALS, SETTING } from '../../app/usecases/annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { checkpointPrefix, type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { resourcesOf } from '../cluster/size.ts';
import { declaredAnnotations, workloadName, workloadPod } from '../cluster/workload.ts';
import type { Site } from '../site.ts';
import { EXECUTOR } from './executor.ts';

export const DEADLINE_SECONDS = 4 * 3600;
const KEPT_SECONDS = 7 * 86_400;
const SCRATCH = '8Gi';
/** Why a run trains: the input of the training's template. */
export const REASON = 'reason';

/** The training of a use case, ready to be a step of any workflow. */
export interface Trainer {
  readonly declaration: WorkloadDeclaration;
  readonly pod: Pod;
  /** Of the workflow's object: what rules read of a training. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What the run is pinned to, as settings. */
  readonly pins: Readonly<Record<string, string>>;
  /** An Argo template: tried again with growing pauses where it was no fault of its own, ended at its deadline. */
  readonly template: Readonly<Record<string, unknown>>;
  /** What is the same in every workflow that trains: one of them at a time, kept for a week. */
  readonly workflow: Readonly<Record<string, unknown>>;
}

/** It lands on the GPU pool where the trainer asks for an accelerator. */
export function trainer(scope: Construct, site: Site, usecase: UseCase): Trainer | undefined {
  const declaration = workloadsOf(usecase).find(({ layer, name }) => layer === 'training' && name === 'retrain');
  const plan = site.plan.usecases[usecase.name]?.training;
  if (declaration === undefined || plan === undefined) return undefined;
  const { model } = usecase;
  const checkpoint = checkpointPrefix(usecase);
  const trials = String(model.trainer.search.maxTrials);
  const pins = {
    [MODEL_ENVIRONMENT.seed]: String(model.seed),
    [MODEL_ENVIRONMENT.codeCommit]: site.dials.commit,
    [MODEL_ENVIRONMENT.dataSnapshot]: 'at-start',
  };
  const pod = podOf(
    workloadPod(scope, {
      site,
      usecase,
      declaration,
      // An expression of Argo's: our own placeholders have no equals sign.
      args: ['--reason', `{{=inputs.parameters.${REASON}}}`],
      network: 'layer',
      priority: 'training',
      resources: { ...resourcesOf(plan, SCRATCH), gpus: plan.gpu.value },
      scratch: SCRATCH,
      env: {
        ...pins,
        [SETTING.maxTrials]: trials,
        MILLRACE_CHECKPOINT: checkpoint,
        // All attempts of a run learn from the data that its first began with.
        MILLRACE_TRAINING_RUN: '{{=workflow.uid}}',
        MILLRACE_IMAGE: site.dials.image,
      },
    }),
  );
  const minSupport = usecase.views.flatMap((view) => (view.kind === 'embedding' ? [`${view.name}=${view.minSupport}`] : []));
  return {
    declaration,
    pod,
    pins,
    annotations: {
      ...declaredAnnotations(usecase, declaration),
      [CHECKPOINT]: checkpoint,
      [MAX_TRIALS]: trials,
      ...(minSupport.length > 0 && { [MODEL.minSupport]: minSupport.join(',') }),
    },
    template: {
      ...templateOf(declaration.name, pod, DEADLINE_SECONDS),
      inputs: { parameters: [{ name: REASON }] },
      retryStrategy: {
        limit: 2,
        retryPolicy: 'Always',
        // What our own program ended with will be no better again; a pod that was evicted, preempted or killed is.
        expression: '!(asInt(lastRetry.exitCode) in [1, 2])',
        backoff: { duration: '2m', factor: 2, maxDuration: '1h' },
      },
    },
    workflow: {
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlStrategy: { secondsAfterCompletion: KEPT_SECONDS },
      podGC: { strategy: 'OnPodSuccess' },
      automountServiceAccountToken: false,
      executor: { serviceAccountName: EXECUTOR },
      // Whoever starts it, a model is trained once at a time.
      synchronization: { mutexes: [{ name: workloadName(usecase.name, declaration) }] },
    },
  };
}

/** One pod as an Argo template, under its own account. */
export const templateOf = (name: string, { metadata, spec }: Pod, deadlineSeconds: number) => ({
  name,
  metadata,
  serviceAccountName: spec.serviceAccountName,
  activeDeadlineSeconds: String(deadlineSeconds),
  priorityClassName: spec.priorityClassName,
  ...(spec.nodeSelector === undefined ? {} : { nodeSelector: spec.nodeSelector }),
  ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
  volumes: spec.volumes,
  container: spec.containers[0],
});

/** What a pod template is here: plain values, no outputs. */
export interface Pod {
  readonly metadata: unknown;
  readonly spec: {
    readonly serviceAccountName: string;
    readonly priorityClassName: string;
    readonly securityContext: unknown;
    readonly nodeSelector?: unknown;
    readonly tolerations?: unknown;
    readonly volumes: unknown;
    readonly containers: readonly unknown[];
  };
}

export const podOf = (template: ReturnType<typeof workloadPod>): Pod => template as Pod;
