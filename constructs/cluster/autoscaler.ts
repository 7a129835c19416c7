import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { namedOf, workloadName } from './workload.ts';

export interface AutoscalerProps {
  readonly site: Site;
  readonly usecase?: UseCase | undefined;
  readonly declaration: WorkloadDeclaration;
  readonly min: number;
  readonly max: number;
  /** Pods' metric and the value of it that one pod carries; the custom metrics API serves it. */
  readonly rate?: { readonly metric: string; readonly perPod: number };
}

/** Share of the requested CPU that is aimed at: the rest carries a burst until new pods are ready. */
const CPU_PERCENT = 65;
const CALM_SECONDS = 300;

/** Owns the replicas of a service: up at once, on CPU and on rate, whichever asks for more; down slowly. */
export function autoscaler(scope: Construct, props: AutoscalerProps): void {
  const { site, usecase, declaration, min, max, rate } = props;
  const name = workloadName(usecase?.name, declaration);
  object(scope, `${declaration.name}-autoscaler`, 'autoscaling/v2 HorizontalPodAutoscaler', {
    metadata: {
      name,
      namespace: namespaceOf(declaration.layer),
      labels: labelsOf(namedOf(usecase?.name, declaration), site.dials.owner),
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: Math.max(min, max),
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: CPU_PERCENT } } },
        ...(rate === undefined
          ? []
          : [
              {
                type: 'Pods',
                pods: { metric: { name: rate.metric }, target: { type: 'AverageValue', averageValue: String(rate.perPod) } },
              },
            ]),
      ],
      behavior: {
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
      },
    },
  });
}
