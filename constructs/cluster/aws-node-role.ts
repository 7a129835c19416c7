import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import type { CustomResourceOptions, Resource } from '@pulumi/pulumi';
import { type AwsScope, partitionOf, physicalName } from './aws-component.ts';
import { trustService } from './aws-statement.ts';

/** What nodes may do: join and pull images. Workloads have identities of their own. */
const NODE_POLICIES = ['AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'] as const;

export interface NodeRole {
  readonly role: Role;
  /** Nodes must wait for these. */
  readonly managed: readonly Resource[];
}

/** The role of a pool's nodes. */
export function nodeRole(name: string, scope: AwsScope, pool: string, options: CustomResourceOptions): NodeRole {
  const trust = trustService('ec2.amazonaws.com');
  const role = new Role(name, { name: physicalName(scope, `${pool}-node`), assumeRolePolicy: trust }, options);
  const managed = NODE_POLICIES.map((policy) => {
    const policyArn = `arn:${partitionOf(scope.region)}:iam::aws:policy/${policy}`;
    return new RolePolicyAttachment(`${name}-${policy}`, { role: role.name, policyArn }, options);
  });
  return { role, managed };
}
