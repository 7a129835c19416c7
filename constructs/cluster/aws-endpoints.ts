import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { VpcEndpoint } from '@pulumi/aws/ec2/vpcEndpoint.js';
import { SecurityGroupIngressRule } from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from './aws-component.ts';
import { policyDocument } from './aws-statement.ts';

export interface AwsEndpointsProps {
  readonly vpcId: Input<string>;
  readonly cidr: string;
  readonly subnetIds: readonly Input<string>[];
}

/**
 * What nodes, agents and workloads call; `eks-auth` gives pods their identity. S3 is one of them and no gateway, whose addresses
 * are the public ones: a network policy names the network's own range, and nothing beyond.
 */
const INTERFACES = [
  'autoscaling',
  'ec2',
  'ecr.api',
  'ecr.dkr',
  'eks',
  'eks-auth',
  'elasticloadbalancing',
  'kms',
  'logs',
  's3',
  'secretsmanager',
  'sts',
] as const;

/** AWS's services inside the network. The way to S3 leads to this account's buckets only, so that no pod can carry the lake off. */
export class AwsEndpoints extends AwsComponent {
  constructor(name: string, scope: AwsScope, props: AwsEndpointsProps, options?: ComponentResourceOptions) {
    super('cluster:AwsEndpoints', name, scope, 'internal', options);
    const { vpcId, cidr } = props;
    const { region } = scope;
    const called = (part: string) => ({ Name: physicalName(scope, part) });
    const group = new SecurityGroup(
      name,
      {
        vpcId,
        name: physicalName(scope, 'endpoints'),
        description: 'HTTPS to the endpoints of AWS services',
        tags: called('endpoints'),
      },
      this.own,
    );
    new SecurityGroupIngressRule(
      name,
      {
        securityGroupId: group.id,
        description: 'HTTPS from inside the network',
        cidrIpv4: cidr,
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
      },
      this.own,
    );
    // Where ECR keeps the layers of every account's images, and the Kubernetes project those of its own.
    const layers = [`prod-${region}-starport-layer-bucket`, `prod-registry-k8s-io-${region}`].map(
      (bucket) => `arn:${partitionOf(region)}:s3:::${bucket}/*`,
    );
    const ownBuckets = policyDocument([
      {
        Sid: 'OwnBuckets',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceAccount': scope.accountId } },
      },
      { Sid: 'LayersOfImages', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: layers },
    ]);
    for (const service of INTERFACES) {
      new VpcEndpoint(
        `${name}-${service.replace('.', '-')}`,
        {
          vpcId,
          serviceName: `com.amazonaws.${region}.${service}`,
          vpcEndpointType: 'Interface',
          privateDnsEnabled: true,
          subnetIds: [...props.subnetIds],
          securityGroupIds: [group.id],
          // Without the option it would want a gateway beside it.
          ...(service === 's3' && {
            policy: ownBuckets,
            dnsOptions: { privateDnsOnlyForInboundResolverEndpoint: false },
          }),
          tags: called(service),
        },
        this.own,
      );
    }
    this.registerOutputs({});
  }
}
