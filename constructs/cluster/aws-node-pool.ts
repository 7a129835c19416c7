import { LaunchTemplate } from '@pulumi/aws/ec2/launchTemplate.js';
import { NodeGroup } from '@pulumi/aws/eks/nodeGroup.js';
import type { ComponentResourceOptions, Input, Resource } from '@pulumi/pulumi';
import { POOL } from '../../app/usecases/annotations.ts';
import { AwsComponent, type AwsScope, physicalName } from './aws-component.ts';
import { nodeRole } from './aws-node-role.ts';

export interface NodeBounds {
  readonly instanceType: string;
  readonly min: number;
  readonly max: number;
}

export interface AwsNodePoolProps {
  readonly clusterName: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  readonly pool: 'cpu' | 'gpu';
  readonly bounds: NodeBounds;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
  /** Must be there before the first node, or the node never gets ready. */
  readonly network: Resource;
  /** GiB of a node's disk: images and scratch. @default 100 */
  readonly diskGiB?: number;
}

/** Images of the node's system by pool: Bottlerocket has no shell and a read-only root. */
const IMAGES = { cpu: 'BOTTLEROCKET_x86_64', gpu: 'BOTTLEROCKET_x86_64_NVIDIA' } as const;

/** Bottlerocket's second disk, where images and pods' scratch lie. The first one holds the system. */
const DISKS = [
  { deviceName: '/dev/xvda', volumeSize: 4 },
  { deviceName: '/dev/xvdb', volumeSize: undefined },
] as const;

/** Equal nodes between two bounds. An autoscaler owns their number: what it set stays at the next deployment. */
export class AwsNodePool extends AwsComponent {
  constructor(name: string, scope: AwsScope, props: AwsNodePoolProps, options?: ComponentResourceOptions) {
    super('cluster:AwsNodePool', name, scope, 'internal', options);
    const { pool, bounds } = props;
    const tags = { [POOL]: pool };
    const { role, managed } = nodeRole(name, scope, pool, this.own);
    const template = new LaunchTemplate(
      name,
      {
        name: physicalName(scope, pool),
        metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
        // With AWS's key for disks: one of ours needs a role of the autoscaling service that an empty account lacks.
        blockDeviceMappings: DISKS.map(({ deviceName, volumeSize }) => ({
          deviceName,
          ebs: {
            encrypted: 'true',
            deleteOnTermination: 'true',
            volumeType: 'gp3',
            volumeSize: volumeSize ?? props.diskGiB ?? 100,
          },
        })),
        monitoring: { enabled: true },
        updateDefaultVersion: true,
        tagSpecifications: ['instance', 'volume'].map((resourceType) => ({
          resourceType,
          tags: { ...this.tags, ...tags, Name: physicalName(scope, pool) },
        })),
        tags,
      },
      this.own,
    );
    new NodeGroup(
      name,
      {
        clusterName: props.clusterName,
        nodeGroupName: physicalName(scope, pool),
        nodeRoleArn: role.arn,
        subnetIds: [...props.subnetIds],
        amiType: IMAGES[pool],
        instanceTypes: [bounds.instanceType],
        capacityType: 'ON_DEMAND',
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        scalingConfig: { minSize: bounds.min, desiredSize: bounds.min, maxSize: bounds.max },
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
        labels: { [POOL]: pool, ...(pool === 'gpu' ? { 'nvidia.com/gpu.present': 'true' } : {}) },
        taints: [...props.taints],
        tags,
      },
      { ...this.own, dependsOn: [...managed, props.network], ignoreChanges: ['scalingConfig.desiredSize'] },
    );
    this.registerOutputs({});
  }
}
