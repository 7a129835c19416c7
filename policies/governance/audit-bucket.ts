import { DATA } from '../../app/usecases/data-annotations.ts';
import { whole } from '../amounts.ts';
import { partsOf } from '../lake/guarded-bucket.ts';
import { at, ofKind, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { statementsOf, texts } from '../statements.ts';
import { UNKNOWN } from '../unknown.ts';
import { missing, violation } from '../violation.ts';

const DELETES = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'];
/** As long as answers of a high-risk system are kept (EU AI Act Art. 19): six months. */
const LEAST_DAYS = 180;

export const auditBucket: StackRule = {
  id: 'C05',
  name: 'governance-audit-bucket',
  layer: 'governance',
  severity: 'mandatory',
  title: 'The audit bucket is locked in compliance mode, under a key of its own, and its writers cannot delete',
  control: ['EU AI Act Art. 12', 'EU AI Act Art. 19', 'SOC 2 CC7'],
  reason: 'A log that the intruder can cut is none.',
  remediation: 'Use `AuditBucket`, with another key than the lake’s.',
  kinds: ['aws:s3/*'],
  checkStack: (resources) => {
    const buckets = ofKind(resources, 'Bucket').filter(({ type }) => type.startsWith('aws:s3/'));
    const audits = buckets.filter(isAudit);
    if (buckets.length > 0 && audits.length === 0) return [missing(auditBucket, 'an audit bucket', 'a bucket with object lock')];
    return audits.flatMap((bucket) => judge(bucket, buckets, resources));
  },
};

/** By its tag, its name, or that it was made with a lock. */
const isAudit = (bucket: Resource): boolean =>
  word(bucket, DATA.store) === 'audit' || at(bucket, 'objectLockEnabled') === true || /(^|[-.])audit([-.]|$)/.test(bucket.name);

function judge(bucket: Resource, buckets: readonly Resource[], resources: readonly Resource[]): readonly Violation[] {
  const fault = (of: Resource, property: string, found: unknown, expected: string) =>
    violation(auditBucket, of, { property, found, expected });
  const [lock] = partsOf(bucket, resources, 'BucketObjectLockConfiguration');
  const rule = lock === undefined ? undefined : (at(lock, 'rule', 'defaultRetention') as Record<string, unknown> | undefined);
  const days = (whole(rule?.['days']) ?? 0) + 365 * (whole(rule?.['years']) ?? 0);
  const denied = partsOf(bucket, resources, 'BucketPolicy').flatMap((policy) => statementsOf(policy, 'policy'));
  const refused = new Set(
    denied.flatMap((statement) => (statement === UNKNOWN || statement['Effect'] !== 'Deny' ? [] : texts(statement['Action']))),
  );
  const keys = keysOf(bucket, resources);
  const others = buckets.filter((other) => other !== bucket && !isAudit(other)).flatMap((other) => keysOf(other, resources));
  const shared = keys.filter((key) => others.includes(key));
  return [
    ...(at(bucket, 'objectLockEnabled') === true
      ? []
      : [fault(bucket, 'objectLockEnabled', at(bucket, 'objectLockEnabled'), 'true from its birth')]),
    ...(rule?.['mode'] === 'COMPLIANCE' && days >= LEAST_DAYS
      ? []
      : [
          fault(
            lock ?? bucket,
            lock === undefined ? '' : 'rule.defaultRetention',
            rule ?? 'a bucket without a lock',
            `mode COMPLIANCE for ${LEAST_DAYS} days or more`,
          ),
        ]),
    ...(denied.includes(UNKNOWN) || DELETES.every((action) => refused.has(action))
      ? []
      : [fault(bucket, '', [...refused].join(', '), `a BucketPolicy that denies ${DELETES.join(', ')} to everyone`)]),
    ...(shared.length === 0 ? [] : [fault(bucket, '', shared[0], 'another key than the other buckets have')]),
  ];
}

/** Keys that are known at this time. */
const keysOf = (bucket: Resource, resources: readonly Resource[]): readonly string[] =>
  partsOf(bucket, resources, 'BucketServerSideEncryptionConfiguration').flatMap((part) => {
    const rules = at(part, 'rules');
    if (!Array.isArray(rules)) return [];
    return rules.flatMap((rule: Record<string, Record<string, unknown> | undefined>) =>
      texts(rule['applyServerSideEncryptionByDefault']?.['kmsMasterKeyId']),
    );
  });
