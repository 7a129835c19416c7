/** A good bucket of each sort with what belongs to it, and other good resources of AWS. */
import { DATA } from '../app/usecases/data-annotations.ts';
import type { Resource } from './rule.ts';
import { aws, kubernetes, labelsFor } from './samples.ts';

type Values = Readonly<Record<string, unknown>>;

/** Tags that everything of AWS carries. */
export const TAGS = {
  owner: 'team-recs',
  'millrace.dev/environment': 'prod',
  environment: 'prod',
  'cost-centre': 'shop',
  'millrace.dev/cost-centre': 'shop',
  'millrace.dev/data-class': 'internal',
  'data-class': 'internal',
};

export const keyArn = (name: string): string => `arn:aws:kms:eu-central-1:123456789012:key/${name}`;

const denyPlain = {
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
export const denyDeletion = {
  Effect: 'Deny',
  Principal: '*',
  Action: ['s3:BypassGovernanceRetention', 's3:DeleteObject', 's3:DeleteObjectVersion'],
  Resource: 'arn:aws:s3:::b/*',
};
export const document = (...Statement: readonly Values[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

const bucket = (name: string, more: Values, statements: readonly Values[]): readonly Resource[] => {
  const of = { bucket: `millrace-${name}` };
  const rule = { applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keyArn(name) } };
  return [
    aws('s3/bucket:Bucket', name, { ...of, ...more, tags: TAGS }, { protect: true }),
    aws('s3/bucketVersioning:BucketVersioning', `${name}-versioning`, { ...of, versioningConfiguration: { status: 'Enabled' } }),
    aws('s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration', `${name}-encryption`, {
      ...of,
      rules: [rule],
    }),
    aws('s3/bucketPublicAccessBlock:BucketPublicAccessBlock', `${name}-access`, {
      ...of,
      ...{ blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    }),
    aws('s3/bucketPolicy:BucketPolicy', `${name}-policy`, { ...of, policy: document(denyPlain, ...statements) }),
  ];
};

/** The lake's and the audit log's, and the manifest that says what an erasure does there. */
export const buckets: readonly Resource[] = [
  ...bucket('lake', {}, []),
  ...bucket('audit', { objectLockEnabled: true }, [denyDeletion]),
  aws('s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration', 'audit-lock', {
    bucket: 'millrace-audit',
    rule: { defaultRetention: { mode: 'COMPLIANCE', days: 400 } },
  }),
  kubernetes('core/v1:ConfigMap', 'erasure', {
    metadata: {
      namespace: 'millrace-governance',
      labels: { ...labelsFor({ name: 'erasure', layer: 'governance' }), [DATA.manifest]: 'erasure' },
    },
    data: {
      'erasure.json': JSON.stringify({
        stores: [
          { kind: 'Bucket', name: 'lake', outcome: 'unreadable' },
          { kind: 'Instance', name: 'subjects', outcome: 'deleted' },
          { kind: 'ReplicationGroup', name: 'online', outcome: 'deleted' },
        ],
        exempt: [
          { kind: 'Bucket', name: 'audit', reason: 'Acts name roles and pseudonyms only, never a person.' },
          { kind: 'Instance', name: 'registry', reason: 'Versions and verdicts name no person.' },
        ],
      }),
    },
  }),
];

export const sealed = buckets.filter(({ name }) => name === 'erasure');
