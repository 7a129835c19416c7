import { altered } from '../alteration.ts';
import { TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { aws, kubernetes } from '../samples.ts';

const metadataOptions = { httpTokens: 'required', httpPutResponseHopLimit: 1 };
const disk = { deviceName: '/dev/xvda', ebs: { encrypted: 'true', volumeType: 'gp3' } };
const template = aws('ec2/launchTemplate:LaunchTemplate', 'nodes', { tags: TAGS, metadataOptions, blockDeviceMappings: [disk] });
const group = aws('eks/nodeGroup:NodeGroup', 'cpu', {
  tags: { ...TAGS, 'millrace.dev/pool': 'cpu' },
  launchTemplate: { id: 'lt-1', version: '1' },
  scalingConfig: { minSize: 3, maxSize: 9 },
  labels: { 'millrace.dev/pool': 'cpu' },
});
const instance = aws('ec2/instance:Instance', 'bastion', { tags: TAGS, metadataOptions, rootBlockDevice: { encrypted: true } });
const subnet = aws('ec2/subnet:Subnet', 'private-a', { tags: TAGS, cidrBlock: '10.0.0.0/20' });
const nodeClass = kubernetes('karpenter.k8s.aws/v1:EC2NodeClass', 'nodes', {
  spec: { metadataOptions, blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { encrypted: true } }] },
});
const one = (resource: Resource, path: readonly (string | number)[], value: unknown) => [altered(resource, [path, value])];

export const fixtures: Fixtures = {
  passing: [
    { title: 'a pool', resources: [template, group, subnet] },
    { title: 'a machine', resources: [instance] },
    { title: 'nodes by Karpenter', resources: [nodeClass] },
  ],
  violating: [
    { title: 'plain metadata', resources: one(template, ['metadataOptions', 'httpTokens'], 'optional') },
    { title: 'two hops', resources: one(template, ['metadataOptions', 'httpPutResponseHopLimit'], 2) },
    { title: 'nothing said of metadata', resources: one(template, ['metadataOptions'], undefined) },
    { title: 'a plain disk', resources: one(template, ['blockDeviceMappings', 0, 'ebs', 'encrypted'], 'false') },
    {
      title: 'a second disk that is plain',
      resources: one(template, ['blockDeviceMappings', 1], { deviceName: '/dev/xvdb', ebs: {} }),
    },
    { title: 'a public address', resources: one(template, ['networkInterfaces'], [{ associatePublicIpAddress: 'true' }]) },
    { title: 'a pool with the metadata that AWS sets', resources: one(group, ['launchTemplate'], undefined) },
    { title: 'a pool with a way in by SSH', resources: one(group, ['remoteAccess'], { ec2SshKey: 'ops' }) },
    { title: 'a subnet that gives out public addresses', resources: one(subnet, ['mapPublicIpOnLaunch'], true) },
    { title: 'a machine with a public address', resources: one(instance, ['associatePublicIpAddress'], true) },
    {
      title: 'nodes by Karpenter with two hops',
      resources: one(nodeClass, ['spec', 'metadataOptions', 'httpPutResponseHopLimit'], 2),
    },
    { title: 'nodes by Karpenter with plain disks', resources: one(nodeClass, ['spec', 'blockDeviceMappings'], undefined) },
  ],
};
