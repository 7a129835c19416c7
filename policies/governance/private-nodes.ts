import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

type Entry = Readonly<Record<string, unknown>>;
const entries = (value: unknown): readonly Entry[] => (Array.isArray(value) ? (value as Entry[]) : []);
const yes = (value: unknown): boolean => value === true || value === 'true';

export const privateNodes: ResourceRule = {
  id: 'C02',
  name: 'governance-private-nodes',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Nodes are private, ask for metadata tokens within one hop, and encrypt their disks',
  control: ['CIS EKS 3', 'OWASP API7'],
  reason: 'A forged request from a pod must not fetch the node’s credentials.',
  remediation: 'Make node groups from the construct’s launch template, or Karpenter node classes with the same metadata options.',
  kinds: [
    'aws:eks/nodeGroup:NodeGroup',
    'aws:ec2/launchTemplate:LaunchTemplate',
    'aws:ec2/instance:Instance',
    'aws:ec2/subnet:Subnet',
    'kubernetes:karpenter.k8s.aws/*',
  ],
  checkResource: (resource) => {
    switch (kindOf(resource)) {
      case 'NodeGroup':
        return group(resource);
      case 'LaunchTemplate':
        return template(resource);
      case 'Instance':
        return instance(resource);
      case 'Subnet':
        return yes(at(resource, 'mapPublicIpOnLaunch')) ? [fault(resource, 'mapPublicIpOnLaunch', 'false or absent')] : [];
      case 'EC2NodeClass':
        return nodeClass(resource);
      default:
        return [];
    }
  },
};

const fault = (resource: Resource, property: string, expected: string, found: unknown = at(resource, ...property.split('.'))) =>
  violation(privateNodes, resource, { property, found, expected });

/** Without a template of ours a group takes AWS's defaults: two hops, and plain metadata. */
const group = (resource: Resource): readonly Violation[] => [
  ...(at(resource, 'launchTemplate') === undefined ? [fault(resource, 'launchTemplate', 'a launch template of the stack')] : []),
  ...(at(resource, 'remoteAccess') === undefined ? [] : [fault(resource, 'remoteAccess', 'none')]),
];

const tokens = (resource: Resource, holder: readonly string[]): readonly Violation[] => [
  ...(at(resource, ...holder, 'httpTokens') === 'required'
    ? []
    : [fault(resource, [...holder, 'httpTokens'].join('.'), 'required')]),
  ...(at(resource, ...holder, 'httpPutResponseHopLimit') === 1
    ? []
    : [fault(resource, [...holder, 'httpPutResponseHopLimit'].join('.'), '1')]),
];

function template(resource: Resource): readonly Violation[] {
  const disks = entries(at(resource, 'blockDeviceMappings'));
  const bare = disks.filter(({ ebs }) => !yes((ebs as Entry | undefined)?.['encrypted']));
  const open = entries(at(resource, 'networkInterfaces')).filter(({ associatePublicIpAddress }) => yes(associatePublicIpAddress));
  return [
    ...tokens(resource, ['metadataOptions']),
    ...(disks.length > 0 && bare.length === 0
      ? []
      : [fault(resource, 'blockDeviceMappings', 'ebs.encrypted true for each disk')]),
    ...(open.length === 0 ? [] : [fault(resource, 'networkInterfaces', 'no public address')]),
  ];
}

const instance = (resource: Resource): readonly Violation[] => [
  ...tokens(resource, ['metadataOptions']),
  ...(yes(at(resource, 'rootBlockDevice', 'encrypted')) ? [] : [fault(resource, 'rootBlockDevice.encrypted', 'true')]),
  ...(yes(at(resource, 'associatePublicIpAddress')) ? [fault(resource, 'associatePublicIpAddress', 'false or absent')] : []),
];

function nodeClass(resource: Resource): readonly Violation[] {
  const disks = entries(at(resource, 'spec', 'blockDeviceMappings'));
  const bare = disks.filter(({ ebs }) => !yes((ebs as Entry | undefined)?.['encrypted']));
  return [
    ...tokens(resource, ['spec', 'metadataOptions']),
    ...(disks.length > 0 && bare.length === 0
      ? []
      : [fault(resource, 'spec.blockDeviceMappings', 'ebs.encrypted true for each disk')]),
    ...(yes(at(resource, 'spec', 'associatePublicIPAddress'))
      ? [fault(resource, 'spec.associatePublicIPAddress', 'false or absent')]
      : []),
  ];
}
