import { DATA } from '../../app/usecases/data-annotations.ts';
import { altered } from '../alteration.ts';
import { document, keyArn, sealed, TAGS } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import type { Resource } from '../rule.ts';
import { aws } from '../samples.ts';
import { UNKNOWN } from '../unknown.ts';

const account = { AWS: 'arn:aws:iam::123456789012:root' };
const allow = (Principal: unknown, more: object = {}) =>
  document({ Effect: 'Allow', Principal, Action: 'kms:Decrypt', Resource: '*', ...more });
const key = aws(
  'kms/key:Key',
  'key-subjects',
  { tags: TAGS, enableKeyRotation: true, policy: allow(account) },
  { protect: true },
);
const database = (name: string, more: object) =>
  aws(
    'rds/instance:Instance',
    name,
    { tags: TAGS, engine: 'postgres', storageEncrypted: true, kmsKeyId: keyArn(name), deletionProtection: true, ...more },
    { protect: true },
  );
const subjects = database('subjects', {
  tags: { ...TAGS, [DATA.store]: 'subject-keys' },
  backupRetentionPeriod: 7,
  skipFinalSnapshot: true,
});
const one = (resource: Resource, path: readonly string[], value: unknown) => [...sealed, altered(resource, [path, value])];

export const fixtures: Fixtures = {
  passing: [
    { title: 'a key of its own', resources: [...sealed, key, subjects, database('registry', {})] },
    {
      title: 'a pair that signs, which does not turn',
      resources: [altered(key, [['enableKeyRotation'], undefined], [['keyUsage'], 'SIGN_VERIFY'])],
    },
    {
      title: 'keys that are not known yet',
      resources: [...one(subjects, ['kmsKeyId'], UNKNOWN), database('registry', { kmsKeyId: UNKNOWN })],
    },
    {
      title: 'a principal under a condition',
      resources: one(key, ['policy'], allow('*', { Condition: { StringEquals: { 'kms:CallerAccount': '123456789012' } } })),
    },
    {
      title: 'a store that keeps copies longer and holds no keys',
      resources: [...sealed, database('registry', { backupRetentionPeriod: 35 })],
    },
  ],
  violating: [
    { title: 'a key that does not turn', resources: one(key, ['enableKeyRotation'], undefined) },
    { title: 'a key for anyone', resources: one(key, ['policy'], allow('*')) },
    { title: 'a key for any account', resources: one(key, ['policy'], allow({ AWS: '*' })) },
    {
      title: 'subject keys under a shared key',
      resources: [...sealed, subjects, database('registry', { kmsKeyId: keyArn('subjects') })],
    },
    { title: 'subject keys under the key of AWS', resources: one(subjects, ['kmsKeyId'], undefined) },
    { title: 'copies beyond the window', resources: one(subjects, ['backupRetentionPeriod'], 35) },
    { title: 'a last snapshot', resources: one(subjects, ['skipFinalSnapshot'], undefined) },
    { title: 'a window that was made shorter', resources: [...sealed, subjects], config: { erasureWindowDays: 3 } },
  ],
};
