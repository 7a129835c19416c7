import { altered } from '../alteration.ts';
import { keyArn, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { aws } from '../samples.ts';
import { UNKNOWN } from '../unknown.ts';

const cluster = aws('eks/cluster:Cluster', 'cluster', {
  tags: TAGS,
  vpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false },
  enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
  encryptionConfig: { provider: { keyArn: keyArn('cluster') }, resources: ['secrets'] },
});
const vpc = (change: object) => [
  altered(cluster, [['vpcConfig'], { endpointPrivateAccess: true, endpointPublicAccess: false, ...change }]),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'inside only', resources: [cluster] },
    { title: 'to a range', resources: vpc({ endpointPublicAccess: true, publicAccessCidrs: ['198.51.100.0/24'] }) },
    {
      title: 'a key that is not known yet',
      resources: [altered(cluster, [['encryptionConfig', 'provider', 'keyArn'], UNKNOWN])],
    },
  ],
  violating: [
    { title: 'open to everyone', resources: vpc({ endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] }) },
    { title: 'open by default', resources: vpc({ endpointPublicAccess: undefined }) },
    {
      title: 'not inside',
      resources: vpc({ endpointPrivateAccess: false, endpointPublicAccess: true, publicAccessCidrs: ['198.51.100.0/24'] }),
    },
    { title: 'no audit log', resources: [altered(cluster, [['enabledClusterLogTypes', 1], undefined])] },
    { title: 'no logs', resources: [altered(cluster, [['enabledClusterLogTypes'], undefined])] },
    { title: 'secrets under the key of AWS', resources: [altered(cluster, [['encryptionConfig'], undefined])] },
  ],
};
