import { at, ofKind } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { statementsOf } from '../statements.ts';
import { UNKNOWN } from '../unknown.ts';
import { violation } from '../violation.ts';

const BLOCKS = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'];

export const guardedBucket: StackRule = {
  id: 'D06',
  name: 'lake-guarded-bucket',
  layer: 'lake',
  severity: 'mandatory',
  title: 'Every bucket is versioned, under a key of ours, closed to the public and TLS only',
  control: ['CIS EKS 5.3', 'SOC 2 CC6.1'],
  reason: 'The training set is the crown jewel; the release files and the audit log lie in buckets as well.',
  remediation: 'Use `LakeBucket`, which makes the bucket with its versioning, key, public access block and policy.',
  kinds: ['aws:s3/*'],
  checkStack: (resources) =>
    ofKind(resources, 'Bucket')
      .filter(({ type }) => type.startsWith('aws:s3/'))
      .flatMap((bucket) => judge(bucket, resources)),
};

function judge(bucket: Resource, resources: readonly Resource[]): readonly Violation[] {
  const parts = (kind: string) => partsOf(bucket, resources, kind);
  const met = (met: boolean, expected: string, found: unknown = undefined) =>
    met ? [] : [violation(guardedBucket, bucket, { property: '', found: found ?? 'a bucket without it', expected })];
  const [versioning] = parts('BucketVersioning');
  const rules = parts('BucketServerSideEncryptionConfiguration').flatMap((part) => entries(part, 'rules'));
  const [access] = parts('BucketPublicAccessBlock');
  const denied = parts('BucketPolicy').flatMap((policy) => statementsOf(policy, 'policy'));
  const unreadable = denied.includes(UNKNOWN);
  return [
    ...met(
      versioning !== undefined && at(versioning, 'versioningConfiguration', 'status') === 'Enabled',
      'a BucketVersioning with status Enabled',
    ),
    ...met(
      rules.length > 0 && rules.every((rule) => ownKey(rule) || (isLogTarget(bucket, resources) && keyless(rule))),
      'a BucketServerSideEncryptionConfiguration with aws:kms and a key of ours',
    ),
    ...met(
      access !== undefined && BLOCKS.every((block) => at(access, block) === true),
      `a BucketPublicAccessBlock with ${BLOCKS.join(', ')}`,
    ),
    ...met(unreadable || denied.some(deniesPlain), 'a BucketPolicy that denies s3:* where aws:SecureTransport is false'),
  ];
}

const entries = (resource: Resource, key: string): readonly Record<string, unknown>[] => {
  const found = at(resource, key);
  return Array.isArray(found) ? (found as Record<string, unknown>[]) : [];
};

function ownKey(rule: Record<string, unknown>): boolean {
  const by = (rule['applyServerSideEncryptionByDefault'] ?? {}) as Record<string, unknown>;
  const key = by['kmsMasterKeyId'];
  return by['sseAlgorithm'] === 'aws:kms' && key !== undefined && key !== null && !String(key.toString()).includes('alias/aws/');
}

/** S3 writes its own access logs with its own key only. */
const isLogTarget = (bucket: Resource, resources: readonly Resource[]): boolean =>
  ofKind(resources, 'BucketLogging').some((logging) => at(logging, 'targetBucket') === (at(bucket, 'bucket') ?? bucket.name));

const keyless = (rule: Record<string, unknown>): boolean =>
  (rule['applyServerSideEncryptionByDefault'] as Record<string, unknown> | undefined)?.['sseAlgorithm'] === 'AES256';

function deniesPlain(statement: unknown): boolean {
  const { Effect, Action, Principal, Condition } = statement as Record<string, unknown>;
  const secure = (Condition as Record<string, Record<string, unknown>> | undefined)?.['Bool']?.['aws:SecureTransport'];
  const everyone = Principal === '*' || (Principal as Record<string, unknown> | undefined)?.['AWS'] === '*';
  return Effect === 'Deny' && everyone && [Action].flat().includes('s3:*') && String(secure) === 'false';
}

/**
 * Resources of a kind that belong to a bucket: by its name where that is known; else by the Pulumi name, which begins with
 * the bucket's (of several such buckets, with the longest).
 */
export const partsOf = (bucket: Resource, resources: readonly Resource[], kind: string): readonly Resource[] => {
  const buckets = ofKind(resources, 'Bucket');
  return ofKind(resources, kind).filter((part) => {
    const of = at(part, 'bucket');
    if (buckets.some((one) => typeof of === 'string' && at(one, 'bucket') === of)) return at(bucket, 'bucket') === of;
    const holders = buckets.filter(({ name }) => part.name === name || part.name.startsWith(`${name}-`));
    return holders.sort((a, b) => b.name.length - a.name.length)[0] === bucket;
  });
};
