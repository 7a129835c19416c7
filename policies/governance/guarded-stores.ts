import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

export const guardedStores: ResourceRule = {
  id: 'C04',
  name: 'governance-guarded-stores',
  layer: 'governance',
  severity: 'mandatory',
  title: 'MSK and Redis: TLS, authentication, our key at rest, not public, in several zones',
  control: ['SOC 2 CC6.7'],
  reason: 'Events and features are personal data on the wire and on disk.',
  remediation: 'Use the defaults of the constructs of event log and online store.',
  kinds: [
    'aws:msk/cluster:Cluster',
    'aws:elasticache/replicationGroup:ReplicationGroup',
    'aws:elasticache/cluster:Cluster',
    'aws:elasticache/serverlessCache:ServerlessCache',
  ],
  checkResource: (resource) => {
    switch (kindOf(resource)) {
      case 'ReplicationGroup':
        return replicated(resource);
      case 'ServerlessCache':
        return [...ours(resource, 'kmsKeyId'), ...must(resource, 'userGroupId', 'a group of users', isThere)];
      default:
        return resource.type.startsWith('aws:msk/') ? brokers(resource) : single(resource);
    }
  },
};

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
const isTrue = (value: unknown): boolean => value === true;

function must(resource: Resource, property: string, expected: string, met: (value: unknown) => boolean): readonly Violation[] {
  const found = at(resource, ...property.split('.'));
  return met(found) ? [] : [violation(guardedStores, resource, { property, found, expected })];
}

const ours = (resource: Resource, property: string) =>
  must(resource, property, 'the key of ours that it is encrypted with', isThere);

const brokers = (resource: Resource): readonly Violation[] => {
  const nodes = 'brokerNodeGroupInfo';
  const { sasl, tls } = (at(resource, 'clientAuthentication') ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const known = sasl?.['scram'] === true || sasl?.['iam'] === true || isThere(tls?.['certificateAuthorityArns']);
  return [
    ...must(resource, 'encryptionInfo.encryptionInTransit.clientBroker', 'TLS', (value) => value === 'TLS'),
    ...must(resource, 'encryptionInfo.encryptionInTransit.inCluster', 'true or absent', (value) => value !== false),
    ...ours(resource, 'encryptionInfo.encryptionAtRestKmsKeyArn'),
    ...must(resource, 'clientAuthentication', 'SCRAM, IAM or TLS, and nobody unnamed', () => known),
    ...must(
      resource,
      `${nodes}.connectivityInfo.publicAccess.type`,
      'DISABLED or absent',
      (value) => value === undefined || value === 'DISABLED',
    ),
    ...must(
      resource,
      `${nodes}.clientSubnets`,
      'subnets of 2 zones or more',
      (value) => Array.isArray(value) && value.length >= 2,
    ),
  ];
};

const replicated = (resource: Resource): readonly Violation[] => {
  const copies = Number(at(resource, 'numCacheClusters') ?? 0) >= 2 || Number(at(resource, 'replicasPerNodeGroup') ?? 0) >= 1;
  const named = isThere(at(resource, 'authToken')) || isThere(at(resource, 'userGroupIds'));
  return [
    ...must(resource, 'transitEncryptionEnabled', 'true', isTrue),
    ...must(resource, 'atRestEncryptionEnabled', 'true', (value) => value === true || value === 'true'),
    ...ours(resource, 'kmsKeyId'),
    ...must(resource, 'userGroupIds', 'a group of users, or an authToken', () => named),
    ...must(resource, 'multiAzEnabled', 'true', isTrue),
    ...must(resource, 'automaticFailoverEnabled', 'true', isTrue),
    ...must(resource, 'numCacheClusters', '2 or more, or replicasPerNodeGroup', () => copies),
  ];
};

/** One node of Redis or Valkey alone can have neither our key nor a second zone. */
const single = (resource: Resource): readonly Violation[] =>
  must(resource, 'engine', 'a ReplicationGroup in place of a single node', (value) => value === 'memcached');
