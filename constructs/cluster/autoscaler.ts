import { ApiObject, JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { labelsOf } from '../labels.ts';
import { customObject, object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { PROMETHEUS } from './operators.ts';
import { namedOf, workloadName } from './workload.ts';

export interface AutoscalerProps {
  readonly site: Site;
  readonly usecase?: UseCase | undefined;
  readonly declaration: WorkloadDeclaration;
  readonly min: number;
  readonly max: number;
  /** A counter that each pod exports, and how much of it a second one pod carries. */
  readonly rate?: { readonly counter: string; readonly perPod: number };
}

/** Share of the requested CPU that is aimed at: the rest carries a burst until new pods are ready. */
const CPU_PERCENT = 65;
const CALM_SECONDS = 300;
const POLL_SECONDS = 15;
/** Eight scrapes: one that was missed changes little. */
const WINDOW = '2m';

/**
 * Owns the replicas of a service: up at once, on CPU and on rate, whichever asks for more; down slowly. A rate is asked of
 * Prometheus by KEDA, which hands it to the autoscaler that it makes; by CPU alone Kubernetes' own is enough.
 */
export function autoscaler(scope: Construct, props: AutoscalerProps): void {
  const { site, usecase, declaration, min, max, rate } = props;
  const name = workloadName(usecase?.name, declaration);
  const metadata = {
    name,
    namespace: namespaceOf(declaration.layer),
    labels: labelsOf(namedOf(usecase?.name, declaration), site.dials.owner),
  };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const most = Math.max(min, max);
  if (rate === undefined) {
    object(scope, `${declaration.name}-autoscaler`, 'autoscaling/v2 HorizontalPodAutoscaler', {
      metadata,
      spec: {
        scaleTargetRef,
        minReplicas: min,
        maxReplicas: most,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: CPU_PERCENT } } },
        ],
        behavior,
      },
    });
    return;
  }
  // Until KEDA has made its autoscaler as many answer as always do; from then on the count is that one's (bridge/register.ts).
  const scaled = scope.node.tryFindChild(declaration.name);
  if (scaled instanceof ApiObject) scaled.addJsonPatch(JsonPatch.add('/spec/replicas', min));
  customObject(scope, `${declaration.name}-autoscaler`, 'keda.sh/v1alpha1 ScaledObject', {
    metadata,
    spec: {
      scaleTargetRef,
      pollingInterval: POLL_SECONDS,
      minReplicaCount: min,
      maxReplicaCount: most,
      advanced: { horizontalPodAutoscalerConfig: { behavior } },
      triggers: [
        { type: 'cpu', metricType: 'Utilization', metadata: { value: String(CPU_PERCENT) } },
        {
          type: 'prometheus',
          metricType: 'AverageValue',
          metadata: {
            serverAddress: PROMETHEUS,
            query: rateQuery(rate.counter, usecase?.name, declaration),
            threshold: String(rate.perPod),
            // Nothing scraped is not nothing to do: nothing is scaled down then.
            ignoreNullValues: 'false',
          },
        },
      ],
    },
  });
}

/** Of all pods of the workload together, by the labels that their scraper gives (monitoring/scrape.ts); 0 before the first. */
function rateQuery(counter: string, usecase: string | undefined, declaration: WorkloadDeclaration): string {
  const of = [
    `namespace="${namespaceOf(declaration.layer)}"`,
    ...(usecase === undefined ? [] : [`millrace_usecase="${usecase}"`]),
    `millrace_workload="${declaration.name}"`,
  ].join(',');
  return `sum(rate(${counter}{${of}}[${WINDOW}])) or 0 * sum(up{${of}})`;
}

const behavior = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 30 },
      { type: 'Pods', value: 4, periodSeconds: 30 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: CALM_SECONDS,
    policies: [{ type: 'Percent', value: 20, periodSeconds: 60 }],
  },
};
