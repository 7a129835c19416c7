import { GPU, POOL } from '../../app/usecases/annotations.ts';
import { failures } from '../evaluate.ts';
import { all, equals, type Field, implies, not, object, said, some } from '../expression.ts';
import { toleratesGpu, wantsGpu } from '../gpu.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import type { ResourceRule } from '../rule.ts';
import { violation } from '../violation.ts';

/** DaemonSets run on every node by their nature, the device plugin among them. */
const KINDS = WORKLOAD_KINDS.filter((kind) => !kind.endsWith(':DaemonSet'));
const NODE_GROUP = 'aws:eks/nodeGroup:NodeGroup';

const isTainted = (taints: Field, effect: string) =>
  said(
    `a taint ${GPU} with the effect ${effect}`,
    some(taints, (taint) => all(equals(taint.at('key'), GPU), equals(taint.at('effect'), effect))),
  );

const inCluster = all(
  implies(
    all(equals(object.at('kind'), 'NodePool'), equals(object.at('spec', 'template', 'metadata', 'labels', POOL), 'gpu')),
    isTainted(object.at('spec', 'template', 'spec', 'taints'), 'NoSchedule'),
  ),
  implies(not(wantsGpu), said(`no toleration of ${GPU}, or a container that asks for a GPU`, not(toleratesGpu))),
);
const onAws = implies(equals(object.at('labels', POOL), 'gpu'), isTainted(object.at('taints'), 'NO_SCHEDULE'));

export const gpuPool: ResourceRule = {
  id: 'K08',
  name: 'training-gpu-pool',
  layer: 'training',
  severity: 'mandatory',
  title: 'GPU pools are tainted, and only pods that ask for a GPU tolerate the taint',
  control: ['FinOps: usage optimization'],
  reason: 'Pods that need no GPU fill the most expensive nodes and keep them from scaling to zero.',
  remediation: `Taint the pool ${GPU}=present:NoSchedule; let the workload ask for a GPU or take its toleration away.`,
  kinds: [...KINDS, 'kubernetes:karpenter.sh/v1:NodePool', NODE_GROUP],
  object: () => inCluster,
  checkResource: (resource) =>
    failures(resource.type === NODE_GROUP ? onAws : inCluster, resource.props).map((failure) =>
      violation(gpuPool, resource, failure),
    ),
};
