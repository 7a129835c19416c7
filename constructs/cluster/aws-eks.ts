import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { AccessEntry } from '@pulumi/aws/eks/accessEntry.js';
import { AccessPolicyAssociation } from '@pulumi/aws/eks/accessPolicyAssociation.js';
import { Cluster } from '@pulumi/aws/eks/cluster.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { SecurityGroupIngressRule } from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { GPU } from '../../app/usecases/annotations.ts';
import { AwsAddons } from './aws-addons.ts';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from './aws-component.ts';
import { AwsNodePool, type NodeBounds } from './aws-node-pool.ts';
import { isPrivate, SERVICE_RANGE } from './aws-ranges.ts';
import { trustService } from './aws-statement.ts';

/** All that EKS can write. */
const CONTROL_PLANE_LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const;

const GPU_TAINT = { key: GPU, value: 'present', effect: 'NO_SCHEDULE' } as const;

export interface AwsEksProps {
  readonly subnetIds: readonly Input<string>[];
  /** Encrypts the Secrets of the Kubernetes API. */
  readonly secretsKeyArn: Input<string>;
  readonly logsKeyArn: Input<string>;
  /**
   * Ranges that may reach the API from outside. Private ones come by a link (VPN, peering) to the address inside; the others
   * from the internet. Empty: it answers nodes and pods only.
   */
  readonly adminRanges: readonly string[];
  /** Roles or users that administer the cluster. Empty: who makes it does, since the charts come by the same hand. */
  readonly administrators: readonly string[];
  /** Groups of the Kubernetes API that roles or users are in, by ARN. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly cpu: NodeBounds;
  /** From zero nodes; its ceiling is `max`. Undefined: no pool. */
  readonly gpu?: NodeBounds;
  /** @default '1.35' */
  readonly version?: string;
  /** Days that the control plane's logs are kept. @default 365 */
  readonly logDays?: number;
}

const inGroups = (groups: readonly string[] | undefined) => (groups === undefined ? {} : { kubernetesGroups: [...groups] });

/** A Kubernetes cluster whose nodes are private and whose pods have identities of their own. */
export class AwsEks extends AwsComponent {
  readonly clusterName: Output<string>;
  readonly arn: Output<string>;
  readonly endpoint: Output<string>;
  /** Certificate of its authority, base64. */
  readonly certificateAuthority: Output<string>;
  /** Nodes and control plane: what stores let in. */
  readonly securityGroupId: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsEksProps, options?: ComponentResourceOptions) {
    super('cluster:AwsEks', name, scope, 'internal', options);
    const clusterName = physicalName(scope, 'cluster');
    const { managed, role } = this.role(name);
    // EKS makes the group itself, unencrypted and kept for ever, unless it is there first.
    const logs = new LogGroup(
      `${name}-logs`,
      { name: `/aws/eks/${clusterName}/cluster`, kmsKeyId: props.logsKeyArn, retentionInDays: props.logDays ?? 365 },
      this.own,
    );
    const fromInternet = props.adminRanges.filter((range) => !isPrivate(range));
    const open = fromInternet.length > 0;
    const cluster = new Cluster(
      name,
      {
        name: clusterName,
        version: props.version ?? '1.35',
        roleArn: role.arn,
        vpcConfig: {
          subnetIds: [...props.subnetIds],
          endpointPrivateAccess: true,
          endpointPublicAccess: open,
          ...(open ? { publicAccessCidrs: fromInternet } : {}),
        },
        kubernetesNetworkConfig: { serviceIpv4Cidr: SERVICE_RANGE },
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: props.administrators.length === 0 },
        enabledClusterLogTypes: [...CONTROL_PLANE_LOGS],
        encryptionConfig: { provider: { keyArn: props.secretsKeyArn }, resources: ['secrets'] },
        bootstrapSelfManagedAddons: false,
        deletionProtection: scope.protect,
      },
      { ...this.stateful, dependsOn: [logs, managed] },
    );
    this.clusterName = cluster.name;
    this.arn = cluster.arn;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.certificateAuthority.apply(({ data }) => data);
    this.securityGroupId = cluster.vpcConfig.apply(({ clusterSecurityGroupId }) => clusterSecurityGroupId);
    this.admit(name, props);
    props.adminRanges.filter(isPrivate).forEach((range, index) => {
      new SecurityGroupIngressRule(
        `${name}-api-${index + 1}`,
        {
          securityGroupId: this.securityGroupId,
          description: 'Kubernetes API from administrators',
          cidrIpv4: range,
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
        },
        this.own,
      );
    });
    this.addNodes(name, props);
    this.registerOutputs({ clusterName: this.clusterName, endpoint: this.endpoint });
  }

  private role(name: string): { readonly role: Role; readonly managed: RolePolicyAttachment } {
    const { scope, own } = this;
    const role = new Role(
      name,
      { name: physicalName(scope, 'control-plane'), assumeRolePolicy: trustService('eks.amazonaws.com', scope.accountId) },
      own,
    );
    const policyArn = `arn:${partitionOf(scope.region)}:iam::aws:policy/AmazonEKSClusterPolicy`;
    return { role, managed: new RolePolicyAttachment(name, { role: role.name, policyArn }, own) };
  }

  /** Each principal once, as the cluster wants it: an administrator may be in groups as well. */
  private admit(name: string, { administrators, groups }: Pick<AwsEksProps, 'administrators' | 'groups'>): void {
    const policyArn = `arn:${partitionOf(this.scope.region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;
    administrators.forEach((principalArn, index) => {
      const at = { clusterName: this.clusterName, principalArn };
      const entry = new AccessEntry(
        `${name}-admin-${index + 1}`,
        { ...at, type: 'STANDARD', ...inGroups(groups[principalArn]) },
        this.own,
      );
      new AccessPolicyAssociation(
        `${name}-admin-${index + 1}`,
        { ...at, policyArn, accessScope: { type: 'cluster' } },
        { ...this.own, dependsOn: [entry] },
      );
    });
    for (const [principalArn, kubernetesGroups] of Object.entries(groups)) {
      if (administrators.includes(principalArn)) continue;
      const principal = principalArn.split(':').at(-1);
      const args = { clusterName: this.clusterName, principalArn, type: 'STANDARD', ...inGroups(kubernetesGroups) };
      new AccessEntry(`${name}-${principal}`, args, this.own);
    }
  }

  private addNodes(name: string, { cpu, gpu, subnetIds }: AwsEksProps): void {
    const { scope, own, clusterName } = this;
    const addons = new AwsAddons(`${name}-addons`, scope, { clusterName }, own);
    const pool = { clusterName, subnetIds, network: addons.network };
    const nodes = new AwsNodePool(`${name}-cpu`, scope, { ...pool, pool: 'cpu', bounds: cpu, taints: [] }, own);
    if (gpu !== undefined) new AwsNodePool(`${name}-gpu`, scope, { ...pool, pool: 'gpu', bounds: gpu, taints: [GPU_TAINT] }, own);
    addons.onNodes(nodes);
  }
}
