import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { type AwsScope, partitionOf, physicalName } from './aws-component.ts';
import type { Statement } from './aws-statement.ts';
import { type ServiceAccount, WorkloadIdentity } from './workload-identity.ts';

export interface AwsOperatorsProps {
  readonly clusterName: Input<string>;
  readonly secretsKeyArn: Input<string>;
  readonly nodes: 'managed' | 'karpenter';
}

/** Service accounts that the operators' own charts use. */
const OPERATORS = {
  autoscaler: { namespace: 'kube-system', serviceAccount: 'cluster-autoscaler' },
  secrets: { namespace: 'external-secrets', serviceAccount: 'external-secrets' },
  lag: { namespace: 'keda', serviceAccount: 'keda-operator' },
} as const satisfies Readonly<Record<string, ServiceAccount>>;

/** Identities of what runs beside the workloads: who sizes node groups, who brings secrets into namespaces, who reads consumers' lag. */
export function awsOperators(
  scope: AwsScope,
  { clusterName, secretsKeyArn, nodes }: AwsOperatorsProps,
  options: ComponentResourceOptions,
): Readonly<Partial<Record<keyof typeof OPERATORS, Output<string>>>> {
  const { region, accountId } = scope;
  const identity = (operator: keyof typeof OPERATORS, statements: readonly Statement[]): Output<string> =>
    new WorkloadIdentity(operator, scope, { ...OPERATORS[operator], clusterName, statements }, options).roleArn;
  const inAccount = (service: string, resource: string) =>
    interpolate`arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`;
  const autoscaling = (): readonly Statement[] => [
    {
      Sid: 'SeeSizes',
      Effect: 'Allow',
      // None of these can be granted on less than everything.
      Action: [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeAutoScalingInstances',
        'autoscaling:DescribeLaunchConfigurations',
        'autoscaling:DescribeScalingActivities',
        'autoscaling:DescribeTags',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeLaunchTemplateVersions',
        'ec2:GetInstanceTypesFromInstanceRequirements',
      ],
      Resource: '*',
    },
    {
      Sid: 'SeePools',
      Effect: 'Allow',
      Action: 'eks:DescribeNodegroup',
      Resource: inAccount('eks', `nodegroup/${physicalName(scope, 'cluster')}/*`),
    },
    {
      Sid: 'SizeOwnPools',
      Effect: 'Allow',
      Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
      Resource: inAccount('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/eks-*'),
      Condition: { StringEquals: { 'aws:ResourceTag/eks:cluster-name': clusterName } },
    },
  ];
  // Of the one event log of this environment, whose ARN ends in an id that only its making tells.
  const inLog = (kind: string, name: string) => inAccount('kafka', `${kind}/${physicalName(scope, 'log')}/*${name}`);
  return {
    lag: identity('lag', [
      { Sid: 'JoinLog', Effect: 'Allow', Action: 'kafka-cluster:Connect', Resource: inLog('cluster', '') },
      { Sid: 'SeeEndsOfTopics', Effect: 'Allow', Action: 'kafka-cluster:DescribeTopic', Resource: inLog('topic', '/*') },
      { Sid: 'SeePositionsOfGroups', Effect: 'Allow', Action: 'kafka-cluster:DescribeGroup', Resource: inLog('group', '/*') },
    ]),
    ...(nodes === 'managed' ? { autoscaler: identity('autoscaler', autoscaling()) } : {}),
    secrets: identity('secrets', [
      {
        Sid: 'ReadOwnPasswords',
        Effect: 'Allow',
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: inAccount('secretsmanager', `secret:${physicalName(scope, '*')}`),
      },
      {
        Sid: 'ReadOwnersOfDatabases',
        Effect: 'Allow',
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: inAccount('secretsmanager', 'secret:rds!db-*'),
        Condition: {
          ArnLike: { 'aws:ResourceTag/aws:rds:primaryDBInstanceArn': inAccount('rds', `db:${physicalName(scope, '*')}`) },
        },
      },
      { Sid: 'OpenOwnPasswords', Effect: 'Allow', Action: 'kms:Decrypt', Resource: secretsKeyArn },
    ]),
  };
}
