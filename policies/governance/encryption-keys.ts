import { DATA } from '../../app/usecases/data-annotations.ts';
import { durationSeconds, whole } from '../amounts.ts';
import { at, kindOf, ofKind, word } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { anyone, statementsOf } from '../statements.ts';
import { UNKNOWN } from '../unknown.ts';
import { violation } from '../violation.ts';

const DAY_SECONDS = 86_400;
/** What a store of subjects' keys says of itself. */
const SUBJECT_KEYS = ['keys', 'subject-keys'];
/** Where resources name the key they are encrypted with. */
const KEY_PATHS = ['kmsKeyId', 'kmsKeyArn', 'serverSideEncryption.kmsKeyArn', 'encryptionInfo.encryptionAtRestKmsKeyArn'];
const STORES = [
  'aws:rds/',
  'aws:dynamodb/',
  'aws:efs/',
  'aws:elasticache/',
  'aws:msk/',
  'aws:s3/',
  'kubernetes:postgresql.cnpg.io/',
];

export const encryptionKeys: StackRule = {
  id: 'C08',
  name: 'governance-encryption-keys',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Keys rotate and name their principals; subject keys have a key of their own and no backup beyond the erasure window',
  control: ['GDPR Art. 17', 'GDPR Art. 32'],
  reason: 'A backup of a deleted key brings the erased person back.',
  remediation: 'Use `SubjectKeyStore`, and leave rotation on; a key’s policy names the account or a service.',
  kinds: ['aws:*', 'kubernetes:postgresql.cnpg.io/*'],
  checkStack: (resources, context) => {
    const stores = resources.filter(
      (resource) =>
        SUBJECT_KEYS.includes(word(resource, DATA.store) ?? '') && STORES.some((prefix) => resource.type.startsWith(prefix)),
    );
    return [
      ...ofKind(resources, 'Key')
        .filter(({ type }) => type === 'aws:kms/key:Key')
        .flatMap(key),
      ...stores.flatMap((store) => [...ownKey(store, resources), ...backups(store, context)]),
    ];
  },
};

function key(resource: Resource): readonly Violation[] {
  const usage = at(resource, 'keyUsage') ?? 'ENCRYPT_DECRYPT';
  const spec = String(at(resource, 'customerMasterKeySpec')?.toString() ?? 'SYMMETRIC_DEFAULT');
  // AWS rotates symmetric keys of its own making only.
  const turns = usage !== 'ENCRYPT_DECRYPT' || spec !== 'SYMMETRIC_DEFAULT' || at(resource, 'enableKeyRotation') === true;
  const open = statementsOf(resource, 'policy')
    .filter((statement) => statement !== UNKNOWN)
    .filter((statement) => statement['Effect'] === 'Allow' && anyone(statement));
  return [
    ...(turns
      ? []
      : [
          violation(encryptionKeys, resource, {
            property: 'enableKeyRotation',
            found: at(resource, 'enableKeyRotation'),
            expected: 'true',
          }),
        ]),
    ...open.map((found) => violation(encryptionKeys, resource, { property: 'policy', found, expected: 'principals by name' })),
  ];
}

const keyOf = (resource: Resource): { readonly path: string; readonly value: unknown } => {
  const path = KEY_PATHS.find((candidate) => at(resource, ...candidate.split('.')) !== undefined);
  return { path: path ?? 'kmsKeyId', value: path === undefined ? undefined : at(resource, ...path.split('.')) };
};

/** No other store of the stack is encrypted with the key of the subjects' keys. */
function ownKey(store: Resource, resources: readonly Resource[]): readonly Violation[] {
  if (!store.type.startsWith('aws:')) return [];
  const { path, value } = keyOf(store);
  const fault = (found: unknown, expected: string) => [violation(encryptionKeys, store, { property: path, found, expected })];
  if (value === undefined || value === '') return fault(value, 'a key of its own');
  const sharing = resources.filter(
    (other) => other !== store && typeof value === 'string' && keyOf(other).value === value && other.type.startsWith('aws:'),
  );
  const others = sharing.filter((other) => STORES.some((prefix) => other.type.startsWith(prefix)));
  return others.length === 0 ? [] : fault(value, `a key that ${others.map(({ name }) => name).join(', ')} does not use`);
}

/** Copies that AWS or the operator makes go within the window in which an erased person must be gone. */
function backups(store: Resource, { config }: Context): readonly Violation[] {
  const window = config.erasureWindowDays;
  const fault = (property: string, found: unknown, expected: string) =>
    violation(encryptionKeys, store, { property, found, expected });
  const within = (property: string) => {
    const found = at(store, ...property.split('.'));
    const days = whole(found) ?? (durationSeconds(found) ?? 0) / DAY_SECONDS;
    return days <= window ? [] : [fault(property, found, `${window} days or fewer`)];
  };
  const last = kindOf(store) === 'Instance' || kindOf(store) === 'Cluster';
  const keeps = store.type.startsWith('aws:rds/') && last && at(store, 'skipFinalSnapshot') !== true;
  return [
    ...within('backupRetentionPeriod'),
    ...within('snapshotRetentionLimit'),
    ...within('pointInTimeRecovery.recoveryPeriodInDays'),
    ...within('spec.backup.retentionPolicy'),
    ...(keeps ? [fault('skipFinalSnapshot', at(store, 'skipFinalSnapshot'), 'true: a last snapshot outlives every window')] : []),
  ];
}
