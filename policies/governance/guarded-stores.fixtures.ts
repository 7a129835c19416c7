import { altered } from '../alteration.ts';
import { keyArn, sealed, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { aws } from '../samples.ts';
import { UNKNOWN } from '../unknown.ts';

const msk = aws(
  'msk/cluster:Cluster',
  'log',
  {
    tags: TAGS,
    numberOfBrokerNodes: 3,
    brokerNodeGroupInfo: { clientSubnets: ['a', 'b', 'c'], connectivityInfo: { publicAccess: { type: 'DISABLED' } } },
    clientAuthentication: { sasl: { scram: true, iam: true }, unauthenticated: false },
    encryptionInfo: {
      encryptionAtRestKmsKeyArn: keyArn('log'),
      encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
    },
  },
  { protect: true },
);
const redis = aws('elasticache/replicationGroup:ReplicationGroup', 'online', {
  tags: TAGS,
  engine: 'valkey',
  numCacheClusters: 3,
  multiAzEnabled: true,
  automaticFailoverEnabled: true,
  atRestEncryptionEnabled: true,
  kmsKeyId: keyArn('online'),
  transitEncryptionEnabled: true,
  userGroupIds: ['readers'],
});
const one = (resource: Resource, path: readonly string[], value: unknown) => [...sealed, altered(resource, [path, value])];

export const fixtures: Fixtures = {
  passing: [
    { title: 'MSK and Valkey', resources: [...sealed, msk, redis] },
    {
      title: 'keys that are not known yet',
      resources: [...one(redis, ['kmsKeyId'], UNKNOWN), altered(msk, [['encryptionInfo', 'encryptionAtRestKmsKeyArn'], UNKNOWN])],
    },
    { title: 'shards', resources: [...sealed, altered(redis, [['numCacheClusters'], undefined], [['replicasPerNodeGroup'], 1])] },
  ],
  violating: [
    { title: 'MSK under the key of AWS', resources: one(msk, ['encryptionInfo', 'encryptionAtRestKmsKeyArn'], undefined) },
    { title: 'MSK for anyone in the network', resources: one(msk, ['clientAuthentication'], undefined) },
    {
      title: 'MSK in public',
      resources: one(msk, ['brokerNodeGroupInfo', 'connectivityInfo', 'publicAccess', 'type'], 'SERVICE_PROVIDED_EIPS'),
    },
    { title: 'MSK in one zone', resources: one(msk, ['brokerNodeGroupInfo', 'clientSubnets'], ['a']) },
    {
      title: 'MSK in plain text between brokers',
      resources: one(msk, ['encryptionInfo', 'encryptionInTransit', 'inCluster'], false),
    },
    { title: 'Valkey in plain text', resources: one(redis, ['transitEncryptionEnabled'], false) },
    { title: 'Valkey in plain text on disk', resources: one(redis, ['atRestEncryptionEnabled'], undefined) },
    { title: 'Valkey under the key of AWS', resources: one(redis, ['kmsKeyId'], undefined) },
    { title: 'Valkey for anyone', resources: one(redis, ['userGroupIds'], undefined) },
    { title: 'Valkey in one zone', resources: one(redis, ['multiAzEnabled'], false) },
    { title: 'Valkey that does not fail over', resources: one(redis, ['automaticFailoverEnabled'], false) },
    { title: 'Valkey without a copy', resources: one(redis, ['numCacheClusters'], 1) },
  ],
};
