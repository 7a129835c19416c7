import { buckets, keyArn, sealed, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { aws } from '../samples.ts';

const provider = (region: string): Resource => ({
  type: 'pulumi:providers:aws',
  name: 'aws',
  urn: `urn:pulumi:prod::millrace::pulumi:providers:aws::aws`,
  props: { region },
});
const replication = (bucket: string): readonly Resource[] => [
  ...buckets,
  aws('s3/bucketReplicationConfig:BucketReplicationConfig', 'lake-replication', {
    bucket: 'millrace-lake',
    rules: [{ status: 'Enabled', destination: { bucket } }],
  }),
];
const key = (more: object) => [
  aws('kms/key:Key', 'key-lake', { tags: TAGS, enableKeyRotation: true, ...more }, { protect: true }),
];
const repository = (region: string) => [
  aws('ecr/replicationConfiguration:ReplicationConfiguration', 'images', {
    replicationConfiguration: { rules: [{ destinations: [{ region, registryId: '123456789012' }] }] },
  }),
];
const secret = (region: string) => [aws('secretsmanager/secret:Secret', 'owner', { tags: TAGS, replicas: [{ region }] })];
const copy = (region: string) => [
  aws('backup/plan:Plan', 'backups', {
    tags: TAGS,
    rules: [{ copyActions: [{ destinationVaultArn: `arn:aws:backup:${region}:123456789012:backup-vault:vault` }] }],
  }),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'a region that is allowed', resources: [provider('eu-central-1'), ...buckets] },
    { title: 'a replica within the stack', resources: replication('arn:aws:s3:::millrace-audit') },
    { title: 'a region that the stack allows', resources: [provider('ap-south-1')], config: { regions: ['ap-south-1'] } },
    { title: 'images in two regions', resources: repository('eu-west-1') },
  ],
  violating: [
    { title: 'a provider elsewhere', resources: [provider('us-east-1')] },
    { title: 'one resource elsewhere', resources: key({ region: 'us-west-2' }) },
    { title: 'a replica that nobody knows', resources: replication('arn:aws:s3:::someone-elses') },
    { title: 'a key for other regions', resources: key({ multiRegion: true }) },
    {
      title: 'a key copied to another region',
      resources: [aws('kms/replicaKey:ReplicaKey', 'copy', { tags: TAGS, primaryKeyArn: keyArn('lake') })],
    },
    { title: 'images elsewhere', resources: repository('us-east-1') },
    { title: 'a secret elsewhere', resources: secret('us-east-1') },
    { title: 'backups elsewhere', resources: copy('us-east-1') },
    {
      title: 'a zone elsewhere',
      resources: [...sealed, aws('ec2/subnet:Subnet', 'private-a', { tags: TAGS, availabilityZone: 'us-east-1a' })],
    },
  ],
};
