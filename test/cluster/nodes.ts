import type { KubeObject } from './api.ts';

export interface FakeNode {
  readonly name: string;
  readonly zone: string;
  /** GPUs of the node; with any it carries the taint `nvidia.com/gpu=true:NoSchedule`. @default 0 */
  readonly gpus?: number;
  /** @default '16', with GPUs '96' */
  readonly cpu?: string;
  /** @default '64Gi', with GPUs '768Gi' */
  readonly memory?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A node that KWOK plays, with the labels that any cluster's nodes have: it becomes Ready and its pods run, but nothing is executed. */
export function fakeNode({ name, zone, gpus = 0, cpu, memory, labels }: FakeNode): KubeObject {
  const room = {
    cpu: cpu ?? (gpus > 0 ? '96' : '16'),
    memory: memory ?? (gpus > 0 ? '768Gi' : '64Gi'),
    'ephemeral-storage': '500Gi',
    pods: '110',
    ...(gpus > 0 ? { 'nvidia.com/gpu': String(gpus) } : {}),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': gpus > 0 ? 'g6.48xlarge' : 'm7i.4xlarge',
        'topology.kubernetes.io/region': 'test-1',
        'topology.kubernetes.io/zone': zone,
        ...labels,
      },
      annotations: {
        'kwok.x-k8s.io/node': 'fake',
        'node.alpha.kubernetes.io/ttl': '0',
        'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${name}/metrics/resource`,
      },
    },
    spec: gpus > 0 ? { taints: [{ key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }] } : {},
    status: { capacity: room, allocatable: room },
  };
}

/** Three CPU nodes in three zones, and two GPU nodes of eight GPUs each. */
export const FAKE_NODES: readonly KubeObject[] = [
  ...['a', 'b', 'c'].map((zone) => fakeNode({ name: `cpu-${zone}`, zone: `test-1${zone}` })),
  ...['a', 'b'].map((zone) => fakeNode({ name: `gpu-${zone}`, zone: `test-1${zone}`, gpus: 8 })),
];
