import { alteredIn, without } from '../alteration.ts';
import { buckets, document, keyArn } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { UNKNOWN } from '../unknown.ts';

const retention = (path: readonly string[], value: unknown) =>
  alteredIn(buckets, 'audit-lock', [['rule', 'defaultRetention', ...path], value]);
const lakeOnly: readonly Resource[] = buckets.filter(({ name }) => !name.startsWith('audit'));
const keyPath = ['rules', 0, 'applyServerSideEncryptionByDefault', 'kmsMasterKeyId'] as const;
const denyPlain = JSON.parse(String(buckets.find(({ name }) => name === 'lake-policy')?.props['policy']))[
  'Statement'
] as readonly object[];

export const fixtures: Fixtures = {
  passing: [
    { title: 'locked for 400 days', resources: buckets },
    {
      title: 'locked for a year',
      resources: alteredIn(buckets, 'audit-lock', [['rule', 'defaultRetention'], { mode: 'COMPLIANCE', years: 1 }]),
    },
    { title: 'a key that is not known yet', resources: alteredIn(buckets, 'audit-encryption', [keyPath, UNKNOWN]) },
  ],
  violating: [
    { title: 'no audit bucket', resources: lakeOnly },
    { title: 'a lock that an administrator opens', resources: retention(['mode'], 'GOVERNANCE') },
    { title: 'a lock for a week', resources: retention(['days'], 7) },
    { title: 'no lock', resources: without(buckets, 'audit-lock') },
    { title: 'not locked from its birth', resources: alteredIn(buckets, 'audit', [['objectLockEnabled'], false]) },
    {
      title: 'writers that may delete',
      resources: alteredIn(buckets, 'audit-policy', [['policy'], document(...(denyPlain as never[]))]),
    },
    { title: 'the key of the lake', resources: alteredIn(buckets, 'audit-encryption', [keyPath, keyArn('lake')]) },
  ],
};
