import type { Construct } from 'constructs';
import { DEVICE_PLUGIN_TAINT, GPU, IDLE_MINUTES, MONTHLY_BUDGET, POOL } from '../../app/usecases/annotations.ts';
import { AWS_VALUES, placeholder } from '../bridge/placeholder.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { PLATFORM, type Site } from '../site.ts';

/** Bottlerocket: no shell, read-only root, and its NVIDIA variant brings driver and device plugin, so that no pod need be privileged. */
const SYSTEM = 'bottlerocket@v1.46.0';
/** A node lives this long at most: what is patched is patched by replacement. */
const EXPIRE_AFTER = '336h';
const DISK_GIB = 100;

type Requirement = { readonly key: string; readonly operator: 'In' | 'Gt' | 'Exists'; readonly values?: readonly string[] };

/** Pools that Karpenter fills: one for all that has no GPU, and (where the dials allow any) one of GPU nodes, from zero. */
export function gpuPools(scope: Construct, site: Site): void {
  const { dials, plan } = site;
  if (dials.providers.nodes !== 'karpenter') return;
  const { cpu, training, gpu } = plan.platform.nodes;
  const onAws = dials.target === 'aws';
  if (onAws) for (const pool of ['cpu', 'gpu'] as const) nodeClass(scope, site, pool);

  pool(scope, site, 'cpu', {
    requirements: onAws
      ? [
          { key: 'karpenter.k8s.aws/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
          { key: 'karpenter.k8s.aws/instance-generation', operator: 'Gt', values: ['5'] },
        ]
      : [],
    limits: {
      cpu: String(cpu.max.value * cpu.vcpus + training.max.value * training.vcpus),
      memory: `${cpu.max.value * cpu.memoryGiB + training.max.value * training.memoryGiB}Gi`,
    },
    disruption: { consolidationPolicy: 'WhenEmptyOrUnderutilized', consolidateAfter: '5m', budgets: [{ nodes: '10%' }] },
  });
  if (dials.gpu.maxNodes === 0) return;
  pool(scope, site, 'gpu', {
    requirements: [
      onAws
        ? { key: 'node.kubernetes.io/instance-type', operator: 'In', values: [dials.gpu.product] }
        : { key: 'nvidia.com/gpu.product', operator: 'In', values: [dials.gpu.product] },
    ],
    taints: [{ key: GPU, value: 'present', effect: 'NoSchedule' }],
    ...(dials.gpu.readiness === 'taint' && {
      startupTaints: [{ key: DEVICE_PLUGIN_TAINT, value: 'starting', effect: 'NoSchedule' }],
    }),
    limits: {
      [GPU]: String(dials.gpu.maxNodes * Math.max(1, gpu.gpus)),
      cpu: String(dials.gpu.maxNodes * gpu.vcpus),
      memory: `${dials.gpu.maxNodes * gpu.memoryGiB}Gi`,
    },
    // A training in its third hour is not moved to save a node.
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '2m', budgets: [{ nodes: '1' }] },
  });
}

interface Pool {
  readonly requirements: readonly Requirement[];
  readonly taints?: readonly object[];
  readonly startupTaints?: readonly object[];
  readonly limits: Readonly<Record<string, string>>;
  readonly disruption: object;
}

function pool(scope: Construct, { dials }: Site, name: 'cpu' | 'gpu', props: Pool): void {
  const { requirements, taints, startupTaints, limits, disruption } = props;
  const nodeClassRef =
    dials.target === 'aws' ? { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: `${PLATFORM}-${name}` } : dials.nodeClass;
  customObject(scope, `pool-${name}`, 'karpenter.sh/v1 NodePool', {
    metadata: {
      name: `${PLATFORM}-${name}`,
      labels: labelsOf({ name: `pool-${name}`, layer: 'cluster' }, dials.owner),
      ...(name === 'gpu' && {
        annotations: { [MONTHLY_BUDGET]: String(dials.gpu.monthlyBudget), [IDLE_MINUTES]: String(dials.gpu.idleMinutes) },
      }),
    },
    spec: {
      template: {
        metadata: { labels: { [POOL]: name } },
        spec: {
          nodeClassRef,
          requirements: [
            { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
            { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] },
            // Trainings have checkpoints, the rest has not: spot is for neither until a trainer asks for it.
            { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
            ...requirements,
          ],
          ...(taints && { taints }),
          ...(startupTaints && { startupTaints }),
          expireAfter: EXPIRE_AFTER,
          terminationGracePeriod: '6h',
        },
      },
      limits,
      disruption,
      weight: name === 'gpu' ? 10 : 50,
    },
  });
}

function nodeClass(scope: Construct, { dials }: Site, name: 'cpu' | 'gpu'): void {
  const discovery = [{ tags: { 'karpenter.sh/discovery': `${PLATFORM}-${dials.environment}-cluster` } }];
  const disk = (deviceName: string, volumeSize: string) => ({
    deviceName,
    ebs: { volumeSize, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
  });
  customObject(scope, `class-${name}`, 'karpenter.k8s.aws/v1 EC2NodeClass', {
    metadata: {
      name: `${PLATFORM}-${name}`,
      labels: labelsOf({ name: `class-${name}`, layer: 'cluster' }, dials.owner),
    },
    spec: {
      role: placeholder(AWS_VALUES.nodeRole),
      amiSelectorTerms: [{ alias: SYSTEM }],
      subnetSelectorTerms: discovery,
      securityGroupSelectorTerms: discovery,
      associatePublicIPAddress: false,
      metadataOptions: {
        httpEndpoint: 'enabled',
        httpProtocolIPv6: 'disabled',
        httpPutResponseHopLimit: 1,
        httpTokens: 'required',
      },
      blockDeviceMappings: [disk('/dev/xvda', '4Gi'), disk('/dev/xvdb', `${DISK_GIB}Gi`)],
      detailedMonitoring: true,
      tags: {
        owner: dials.owner,
        environment: dials.environment,
        'cost-centre': dials.costCentre,
        [POOL]: name,
      },
    },
  });
}
