import { GPU, IDLE_MINUTES, MONTHLY_BUDGET, POOL } from '../app/usecases/annotations.ts';
import { aws, container, kubernetes } from './samples.ts';

const TAINT = { key: GPU, value: 'present' } as const;
export const TOLERATION = { key: GPU, operator: 'Exists', effect: 'NoSchedule' } as const;

/** What a pod that trains on GPUs adds to a plain one. */
export const gpuPod = (gpus: unknown) => {
  const plain = (container() as { resources: { limits: object } }).resources;
  return {
    nodeSelector: { [POOL]: 'gpu' },
    tolerations: [TOLERATION],
    containers: [container({ resources: { ...plain, limits: { ...plain.limits, [GPU]: gpus } } })],
  };
};

export const gpuPool = kubernetes('karpenter.sh/v1:NodePool', 'millrace-gpu', {
  metadata: { annotations: { [MONTHLY_BUDGET]: '4000', [IDLE_MINUTES]: '30' } },
  spec: {
    template: {
      metadata: { labels: { [POOL]: 'gpu' } },
      spec: {
        nodeClassRef: { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' },
        requirements: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }],
        taints: [{ ...TAINT, effect: 'NoSchedule' }],
      },
    },
    limits: { [GPU]: '8' },
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '2m' },
  },
});

export const gpuNodeGroup = aws('eks/nodeGroup:NodeGroup', 'gpu', {
  launchTemplate: { id: 'lt-0', version: '1' },
  labels: { [POOL]: 'gpu' },
  taints: [{ ...TAINT, effect: 'NO_SCHEDULE' }],
  scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 4 },
  tags: {
    owner: 'team-recs',
    'millrace.dev/environment': 'prod',
    'millrace.dev/cost-centre': 'shop',
    'millrace.dev/data-class': 'internal',
    [MONTHLY_BUDGET]: '4000',
    [IDLE_MINUTES]: '30',
  },
});

/** The alarms that a pool of GPUs needs. */
export const gpuAlerts = kubernetes('monitoring.coreos.com/v1:PrometheusRule', 'gpu', {
  metadata: { namespace: 'millrace-monitoring' },
  spec: {
    groups: [
      {
        name: 'gpu',
        rules: [
          {
            alert: 'GpuIdle',
            expr: 'max by (pod) (DCGM_FI_DEV_GPU_UTIL) < 5',
            for: '30m',
            labels: { watches: 'gpu-idle' },
            annotations: { runbook_url: 'https://runbooks.example.org/gpu-idle' },
          },
          {
            alert: 'GpuBudget',
            expr: 'sum(millrace_gpu_cost_month) > 4000',
            labels: { watches: 'gpu-budget' },
            annotations: { runbook_url: 'https://runbooks.example.org/gpu-budget' },
          },
        ],
      },
    ],
  },
});
