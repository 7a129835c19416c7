import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { DefaultSecurityGroup } from '@pulumi/aws/ec2/defaultSecurityGroup.js';
import { Eip } from '@pulumi/aws/ec2/eip.js';
import { FlowLog } from '@pulumi/aws/ec2/flowLog.js';
import { InternetGateway } from '@pulumi/aws/ec2/internetGateway.js';
import { NatGateway } from '@pulumi/aws/ec2/natGateway.js';
import { Route } from '@pulumi/aws/ec2/route.js';
import { RouteTable } from '@pulumi/aws/ec2/routeTable.js';
import { RouteTableAssociation } from '@pulumi/aws/ec2/routeTableAssociation.js';
import { Subnet } from '@pulumi/aws/ec2/subnet.js';
import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from './aws-component.ts';
import { AwsEndpoints } from './aws-endpoints.ts';
import { DISCOVERY } from './aws-karpenter.ts';
import { zoneRanges } from './aws-ranges.ts';
import { policyDocument, trustService } from './aws-statement.ts';

export interface AwsNetworkProps {
  /** IPv4 range of /16 to /20. */
  readonly cidr: string;
  /** Names of three availability zones. */
  readonly zones: readonly string[];
  /** A way out of its own for each zone: else all three go through the first one's. */
  readonly natPerZone: boolean;
  /** Encrypts the record of flows. */
  readonly logsKeyArn: Input<string>;
  /** Days that the record of flows is kept. @default 365 */
  readonly flowDays?: number;
}

/**
 * A network of three zones. Nodes have no public address and go out through NAT; stores have no way out at all; AWS's own
 * services are reached by endpoints inside.
 */
export class AwsNetwork extends AwsComponent {
  readonly vpcId: Output<string>;
  readonly cidr: string;
  readonly nodeSubnetIds: readonly Output<string>[];
  readonly edgeSubnetIds: readonly Output<string>[];
  readonly storeSubnetIds: readonly Output<string>[];

  constructor(name: string, scope: AwsScope, props: AwsNetworkProps, options?: ComponentResourceOptions) {
    super('cluster:AwsNetwork', name, scope, 'internal', options);
    this.cidr = props.cidr;
    const called = (part: string) => ({ Name: physicalName(scope, part) });
    const vpc = new Vpc(
      name,
      { cidrBlock: props.cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: called('network') },
      this.own,
    );
    this.vpcId = vpc.id;
    new DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.id, ingress: [], egress: [] }, this.own);
    this.recordFlows(name, vpc, props);

    const gateway = new InternetGateway(name, { vpcId: vpc.id, tags: called('internet') }, this.own);
    const edgeRoutes = new RouteTable(`${name}-edge`, { vpcId: vpc.id, tags: called('edge') }, this.own);
    const storeRoutes = new RouteTable(`${name}-stores`, { vpcId: vpc.id, tags: called('stores') }, this.own);
    const out = { destinationCidrBlock: '0.0.0.0/0' };
    new Route(`${name}-edge-out`, { ...out, routeTableId: edgeRoutes.id, gatewayId: gateway.id }, this.own);

    const ranges = zoneRanges(props.cidr);
    const subnets = (part: 'nodes' | 'edge' | 'stores', tags: Record<string, string>) =>
      props.zones.map((zone, index) => {
        const subnet = `${name}-${part}-${index + 1}`;
        const cidrBlock = ranges[index]?.[part];
        const args = { vpcId: vpc.id, availabilityZone: zone, mapPublicIpOnLaunch: false };
        return new Subnet(
          subnet,
          { ...args, ...(cidrBlock === undefined ? {} : { cidrBlock }), tags: { ...called(`${part}-${zone}`), ...tags } },
          this.own,
        );
      });
    const edge = subnets('edge', { 'kubernetes.io/role/elb': '1' });
    const nodes = subnets('nodes', { 'kubernetes.io/role/internal-elb': '1', [DISCOVERY]: physicalName(scope, 'cluster') });
    const stores = subnets('stores', {});
    const join = (part: string, index: number, subnet: Subnet, table: RouteTable) =>
      new RouteTableAssociation(`${name}-${part}-${index + 1}`, { subnetId: subnet.id, routeTableId: table.id }, this.own);
    edge.forEach((subnet, index) => {
      join('edge', index, subnet, edgeRoutes);
    });
    stores.forEach((subnet, index) => {
      join('stores', index, subnet, storeRoutes);
    });

    const nats = edge.slice(0, props.natPerZone ? edge.length : 1).map((subnet, index) => {
      const nat = `${name}-nat-${index + 1}`;
      const address = new Eip(nat, { domain: 'vpc', tags: called(`nat-${index + 1}`) }, this.own);
      const args = { subnetId: subnet.id, allocationId: address.id, tags: called(`nat-${index + 1}`) };
      return new NatGateway(nat, args, { ...this.own, dependsOn: [gateway] });
    });
    nodes.forEach((subnet, index) => {
      const table = new RouteTable(`${name}-nodes-${index + 1}`, { vpcId: vpc.id, tags: called(`nodes-${index + 1}`) }, this.own);
      const nat = nats[index] ?? nats[0];
      if (nat !== undefined)
        new Route(`${name}-nodes-out-${index + 1}`, { ...out, routeTableId: table.id, natGatewayId: nat.id }, this.own);
      join('nodes', index, subnet, table);
    });

    this.nodeSubnetIds = nodes.map(({ id }) => id);
    this.edgeSubnetIds = edge.map(({ id }) => id);
    this.storeSubnetIds = stores.map(({ id }) => id);
    new AwsEndpoints(
      `${name}-endpoints`,
      scope,
      {
        vpcId: vpc.id,
        cidr: props.cidr,
        subnetIds: this.nodeSubnetIds,
      },
      this.own,
    );
    this.registerOutputs({ vpcId: this.vpcId });
  }

  private recordFlows(name: string, vpc: Vpc, { logsKeyArn, flowDays }: AwsNetworkProps): void {
    const { scope, own } = this;
    const group = new LogGroup(
      `${name}-flows`,
      { name: `/millrace/${scope.environment}/flows`, kmsKeyId: logsKeyArn, retentionInDays: flowDays ?? 365 },
      own,
    );
    const role = new Role(
      `${name}-flows`,
      {
        name: physicalName(scope, 'flows'),
        assumeRolePolicy: trustService('vpc-flow-logs.amazonaws.com', scope.accountId),
      },
      own,
    );
    const write: readonly string[] = ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'];
    new RolePolicy(
      `${name}-flows`,
      {
        role: role.id,
        policy: policyDocument([
          { Sid: 'WriteFlows', Effect: 'Allow', Action: write, Resource: [group.arn, interpolate`${group.arn}:*`] },
        ]),
      },
      own,
    );
    const args = { vpcId: vpc.id, trafficType: 'ALL', logDestination: group.arn, iamRoleArn: role.arn };
    new FlowLog(name, args, own);
  }
}
