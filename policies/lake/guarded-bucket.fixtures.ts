import { alteredIn, without } from '../alteration.ts';
import { buckets, document } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { UNKNOWN } from '../unknown.ts';

const withoutAll = (stack: readonly Resource[], ...names: readonly string[]) => names.reduce(without, stack);
const encryption = (by: unknown) =>
  alteredIn(buckets, 'lake-encryption', [['rules', 0, 'applyServerSideEncryptionByDefault'], by]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'a bucket with all four', resources: buckets },
    {
      title: 'a policy that is not known before the update',
      resources: alteredIn(buckets, 'lake-policy', [['policy'], UNKNOWN]),
    },
    {
      title: 'parts that name the bucket by an id not yet known',
      resources: ['lake-versioning', 'lake-encryption', 'lake-access', 'lake-policy'].reduce<readonly Resource[]>(
        (stack, name) => alteredIn(stack, name, [['bucket'], UNKNOWN]),
        buckets,
      ),
    },
  ],
  violating: [
    { title: 'not versioned', resources: without(buckets, 'lake-versioning') },
    {
      title: 'versioning suspended',
      resources: alteredIn(buckets, 'lake-versioning', [['versioningConfiguration', 'status'], 'Suspended']),
    },
    { title: 'no encryption of ours', resources: without(buckets, 'lake-encryption') },
    { title: 'the key of S3', resources: encryption({ sseAlgorithm: 'AES256' }) },
    { title: 'the key of AWS', resources: encryption({ sseAlgorithm: 'aws:kms', kmsMasterKeyId: 'alias/aws/s3' }) },
    { title: 'open to the public', resources: without(buckets, 'lake-access') },
    { title: 'open by a policy', resources: alteredIn(buckets, 'lake-access', [['restrictPublicBuckets'], false]) },
    { title: 'plain HTTP', resources: alteredIn(buckets, 'lake-policy', [['policy'], document()]) },
    {
      title: 'nothing but a bucket',
      resources: withoutAll(buckets, 'lake-versioning', 'lake-encryption', 'lake-access', 'lake-policy'),
    },
  ],
};
