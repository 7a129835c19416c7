import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { SecurityGroupIngressRule } from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type { CustomResourceOptions, Input, Output } from '@pulumi/pulumi';

export interface GuardProps {
  readonly name: string;
  readonly description: string;
  readonly vpcId: Input<string>;
  /** Security groups whose members may connect, by what they are called. */
  readonly clients: Readonly<Record<string, Input<string>>>;
  /** By what they are for. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The security group before a store: named clients on named ports, and no way out. */
export function guard(resource: string, props: GuardProps, options: CustomResourceOptions): Output<string> {
  const { name, description, vpcId, clients, ports } = props;
  const group = new SecurityGroup(resource, { vpcId, name, description, tags: { Name: name } }, options);
  for (const [client, referencedSecurityGroupId] of Object.entries(clients)) {
    for (const [use, port] of Object.entries(ports)) {
      new SecurityGroupIngressRule(
        `${resource}-${client}-${use}`,
        {
          securityGroupId: group.id,
          description: `${use} from ${client}`,
          referencedSecurityGroupId,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
        },
        options,
      );
    }
  }
  return group.id;
}
