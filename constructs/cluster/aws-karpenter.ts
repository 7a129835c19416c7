import { EventRule } from '@pulumi/aws/cloudwatch/eventRule.js';
import { EventTarget } from '@pulumi/aws/cloudwatch/eventTarget.js';
import { Tag } from '@pulumi/aws/ec2/tag.js';
import { AccessEntry } from '@pulumi/aws/eks/accessEntry.js';
import { Queue } from '@pulumi/aws/sqs/queue.js';
import { QueuePolicy } from '@pulumi/aws/sqs/queuePolicy.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from './aws-component.ts';
import { karpenterStatements } from './aws-karpenter-grants.ts';
import { nodeRole } from './aws-node-role.ts';
import { policyDocument } from './aws-statement.ts';
import { WorkloadIdentity } from './workload-identity.ts';

export interface AwsKarpenterProps {
  readonly clusterName: Input<string>;
  readonly clusterArn: Input<string>;
  /** The cluster's own group, which its nodes join. */
  readonly securityGroupId: Input<string>;
}

/** Tag by which Karpenter finds subnets and groups; its value is the cluster's name. */
export const DISCOVERY = 'karpenter.sh/discovery';

/** Service account of Karpenter's chart. */
const ACCOUNT = { namespace: 'kube-system', serviceAccount: 'karpenter' } as const;

/** What AWS tells before it takes a node away. */
const NOTICES = {
  health: { source: ['aws.health'], 'detail-type': ['AWS Health Event'] },
  rebalance: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance Rebalance Recommendation'] },
  spot: { source: ['aws.ec2'], 'detail-type': ['EC2 Spot Instance Interruption Warning'] },
  state: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance State-change Notification'] },
} as const;

/** What Karpenter needs of AWS to make nodes for pods that wait: its identity, its nodes' role, and word of nodes that go. */
export class AwsKarpenter extends AwsComponent {
  /** Name of the role that its nodes have: `EC2NodeClass.spec.role`. */
  readonly nodeRole: Output<string>;
  /** ARN of its own role. */
  readonly role: Output<string>;
  /** Setting `interruptionQueue` of its chart. */
  readonly queue: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsKarpenterProps, options?: ComponentResourceOptions) {
    super('cluster:AwsKarpenter', name, scope, 'internal', options);
    const { clusterName, clusterArn, securityGroupId } = props;
    const { role } = nodeRole(`${name}-node`, scope, name, this.own);
    new AccessEntry(name, { clusterName, principalArn: role.arn, type: 'EC2_LINUX' }, this.own);
    new Tag(name, { resourceId: securityGroupId, key: DISCOVERY, value: clusterName }, this.own);
    const queue = this.notices(name);
    const identity = new WorkloadIdentity(
      name,
      scope,
      {
        ...ACCOUNT,
        clusterName,
        statements: karpenterStatements(scope, { clusterName, clusterArn, nodeRoleArn: role.arn, queueArn: queue.arn }),
      },
      this.own,
    );
    this.nodeRole = role.name;
    this.role = identity.roleArn;
    this.queue = queue.name;
    this.registerOutputs({ nodeRole: this.nodeRole });
  }

  private notices(name: string): Queue {
    const { scope, own } = this;
    const queue = new Queue(
      name,
      { name: physicalName(scope, name), messageRetentionSeconds: 300, sqsManagedSseEnabled: true },
      own,
    );
    const policy = policyDocument([
      {
        Sid: 'RulesSendNotices',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queue.arn,
        Condition: { StringEquals: { 'aws:SourceAccount': scope.accountId } },
      },
      {
        Sid: 'RefusePlainHttp',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: queue.arn,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
    new QueuePolicy(name, { queueUrl: queue.url, policy }, own);
    for (const [notice, pattern] of Object.entries(NOTICES)) {
      const rule = new EventRule(
        `${name}-${notice}`,
        { name: physicalName(scope, `${name}-${notice}`), eventPattern: JSON.stringify(pattern) },
        own,
      );
      new EventTarget(`${name}-${notice}`, { rule: rule.name, arn: queue.arn }, own);
    }
    return queue;
  }
}
