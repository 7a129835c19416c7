import { type Input, interpolate, type Output, output } from '@pulumi/pulumi';
import { type AwsScope, partitionOf } from './aws-component.ts';
import type { Statement } from './aws-statement.ts';

export interface KarpenterReach {
  readonly clusterName: Input<string>;
  readonly clusterArn: Input<string>;
  readonly nodeRoleArn: Input<string>;
  readonly queueArn: Input<string>;
}

/**
 * What Karpenter may do, by the tags that it puts on all it makes: machines, templates and profiles of this cluster and no
 * others. After the policies of its own reference (karpenter.sh, CloudFormation).
 */
export function karpenterStatements(scope: AwsScope, reach: KarpenterReach): readonly Statement[] {
  const { region, accountId } = scope;
  const partition = partitionOf(region);
  const { clusterName, clusterArn, nodeRoleArn, queueArn } = reach;
  const owned = (kind: 'Request' | 'Resource'): Output<Record<string, string>> =>
    output(clusterName).apply((name) => ({ [`aws:${kind}Tag/kubernetes.io/cluster/${name}`]: 'owned' }));
  const ec2 = (...kinds: readonly string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}:*:${kind}/*`);
  const profiles = interpolate`arn:${partition}:iam::${accountId}:instance-profile/*`;
  const ofPool = (kind: 'Request' | 'Resource') => ({ [`aws:${kind}Tag/karpenter.sh/nodepool`]: '*' });
  return [
    {
      Sid: 'UseWhatIsThere',
      Effect: 'Allow',
      Action: ['ec2:CreateFleet', 'ec2:RunInstances'],
      Resource: [
        `arn:${partition}:ec2:${region}::image/*`,
        `arn:${partition}:ec2:${region}::snapshot/*`,
        ...ec2('security-group', 'subnet', 'capacity-reservation'),
      ],
    },
    {
      Sid: 'UseOwnTemplates',
      Effect: 'Allow',
      Action: ['ec2:CreateFleet', 'ec2:RunInstances'],
      Resource: ec2('launch-template'),
      Condition: { StringEquals: owned('Resource'), StringLike: ofPool('Resource') },
    },
    {
      Sid: 'MakeOwnMachines',
      Effect: 'Allow',
      Action: ['ec2:CreateFleet', 'ec2:CreateLaunchTemplate', 'ec2:RunInstances'],
      Resource: ec2('fleet', 'instance', 'volume', 'network-interface', 'launch-template', 'spot-instances-request'),
      Condition: { StringEquals: owned('Request'), StringLike: ofPool('Request') },
    },
    {
      Sid: 'TagOwnMachinesAtBirth',
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: ec2('fleet', 'instance', 'volume', 'network-interface', 'launch-template', 'spot-instances-request'),
      Condition: {
        StringEquals: owned('Request').apply((tags) => ({
          ...tags,
          'ec2:CreateAction': ['RunInstances', 'CreateFleet', 'CreateLaunchTemplate'],
        })),
        StringLike: ofPool('Request'),
      },
    },
    {
      Sid: 'NameOwnMachines',
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: ec2('instance'),
      Condition: {
        StringEquals: owned('Resource'),
        StringLike: ofPool('Resource'),
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['eks:eks-cluster-name', 'karpenter.sh/nodeclaim', 'Name'] },
      },
    },
    {
      Sid: 'EndOwnMachines',
      Effect: 'Allow',
      Action: ['ec2:DeleteLaunchTemplate', 'ec2:TerminateInstances'],
      Resource: ec2('instance', 'launch-template'),
      Condition: { StringEquals: owned('Resource'), StringLike: ofPool('Resource') },
    },
    {
      Sid: 'SeeWhatIsOffered',
      Effect: 'Allow',
      // None of these can be granted on less than everything.
      Action: [
        'ec2:DescribeCapacityReservations',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeInstanceTypeOfferings',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeLaunchTemplates',
        'ec2:DescribePlacementGroups',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSpotPriceHistory',
        'ec2:DescribeSubnets',
        'pricing:GetProducts',
      ],
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': [region, 'us-east-1'] } },
    },
    {
      Sid: 'ReadImageNames',
      Effect: 'Allow',
      Action: 'ssm:GetParameter',
      Resource: `arn:${partition}:ssm:${region}::parameter/aws/service/*`,
    },
    {
      Sid: 'HearOfNodesThatGo',
      Effect: 'Allow',
      Action: ['sqs:DeleteMessage', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
      Resource: queueArn,
    },
    {
      Sid: 'GiveNodesTheirRole',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: nodeRoleArn,
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
    {
      Sid: 'MakeOwnProfiles',
      Effect: 'Allow',
      Action: ['iam:CreateInstanceProfile', 'iam:TagInstanceProfile'],
      Resource: profiles,
      Condition: { StringEquals: owned('Request'), StringLike: { 'aws:RequestTag/karpenter.k8s.aws/ec2nodeclass': '*' } },
    },
    {
      Sid: 'KeepOwnProfiles',
      Effect: 'Allow',
      Action: ['iam:AddRoleToInstanceProfile', 'iam:DeleteInstanceProfile', 'iam:RemoveRoleFromInstanceProfile'],
      Resource: profiles,
      Condition: { StringEquals: owned('Resource'), StringLike: { 'aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass': '*' } },
    },
    { Sid: 'SeeProfile', Effect: 'Allow', Action: ['iam:GetInstanceProfile', 'iam:ListInstanceProfiles'], Resource: profiles },
    { Sid: 'FindCluster', Effect: 'Allow', Action: 'eks:DescribeCluster', Resource: clusterArn },
  ];
}
