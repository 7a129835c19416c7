import { Addon } from '@pulumi/aws/eks/addon.js';
import { PodIdentityAssociation } from '@pulumi/aws/eks/podIdentityAssociation.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import type { ComponentResourceOptions, Input, Resource } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from './aws-component.ts';
import { trustPod } from './workload-identity.ts';

export interface AwsAddonsProps {
  readonly clusterName: Input<string>;
}

/** An add-on that calls AWS, its service account in `kube-system`, and the policy of AWS made for it. */
interface Caller {
  readonly addon: string;
  readonly account: string;
  readonly policy: string;
  readonly configuration?: object;
}

const NETWORK: Caller = {
  addon: 'vpc-cni',
  account: 'aws-node',
  policy: 'AmazonEKS_CNI_Policy',
  // Without it network policies are accepted and not enforced.
  configuration: { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } },
};
const DISKS: Caller = {
  addon: 'aws-ebs-csi-driver',
  account: 'ebs-csi-controller-sa',
  policy: 'service-role/AmazonEBSCSIDriverPolicy',
};

/** What EKS installs into the cluster: pod network and policies, identities, names, disks, metrics. */
export class AwsAddons extends AwsComponent {
  /** The pod network, which nodes need to get ready. */
  readonly network: Resource;
  readonly #clusterName: Input<string>;
  readonly #name: string;

  constructor(name: string, scope: AwsScope, props: AwsAddonsProps, options?: ComponentResourceOptions) {
    super('cluster:AwsAddons', name, scope, 'internal', options);
    this.#name = name;
    this.#clusterName = props.clusterName;
    const identities = this.#add('eks-pod-identity-agent', [], {});
    this.#add('kube-proxy', [], {});
    this.network = this.#addCaller(NETWORK, [identities]);
    this.registerOutputs({});
  }

  /** Those that have pods of their own, and so wait for nodes. */
  onNodes(nodes: Resource): void {
    this.#add('coredns', [nodes], {});
    this.#add('metrics-server', [nodes], {});
    this.#addCaller(DISKS, [nodes]);
  }

  #add(addonName: string, dependsOn: readonly Resource[], configuration: object): Addon {
    return new Addon(
      `${this.#name}-${addonName}`,
      {
        clusterName: this.#clusterName,
        addonName,
        ...(Object.keys(configuration).length === 0 ? {} : { configurationValues: JSON.stringify(configuration) }),
        resolveConflictsOnCreate: 'OVERWRITE',
        resolveConflictsOnUpdate: 'OVERWRITE',
      },
      { ...this.own, dependsOn: [...dependsOn] },
    );
  }

  #addCaller({ addon, account, policy, configuration }: Caller, dependsOn: readonly Resource[]): Addon {
    const name = `${this.#name}-${addon}`;
    const { scope, own } = this;
    const at = { namespace: 'kube-system', serviceAccount: account };
    const role = new Role(name, { name: physicalName(scope, addon), assumeRolePolicy: trustPod(at) }, own);
    const policyArn = `arn:${partitionOf(scope.region)}:iam::aws:policy/${policy}`;
    const attached = new RolePolicyAttachment(name, { role: role.name, policyArn }, own);
    const identity = new PodIdentityAssociation(name, { clusterName: this.#clusterName, ...at, roleArn: role.arn }, own);
    return this.#add(addon, [...dependsOn, attached, identity], configuration ?? {});
  }
}
