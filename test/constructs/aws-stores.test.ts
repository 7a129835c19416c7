import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsFoundation, awsPlatform } from '../../constructs/aws.ts';
import { deploy, PRODUCTION } from './aws-account.ts';
import { at, deployAll, listOf, ofType, statementsOf } from './aws-program.ts';

const all = await deployAll(PRODUCTION);
const one = (short: string, name?: string) => {
  const found = ofType(all, short).find((resource) => name === undefined || resource.name === name);
  assert.ok(found !== undefined, `${short} ${name}`);
  return found.inputs;
};
const keyOf = (part: string) => `arn:aws:kms:eu-central-1:123456789012:key/${part}`;

test('C05: records of the audit bucket are locked in compliance mode under another key, and nobody may delete', () => {
  const lock = one('s3/BucketObjectLockConfiguration');
  assert.deepEqual(lock.rule, { defaultRetention: { mode: 'COMPLIANCE', days: 730 } });
  assert.equal(one('s3/Bucket', 'audit').objectLockEnabled, true);
  const keys = ['audit', 'lake'].map((name) =>
    at(
      one('s3/BucketServerSideEncryptionConfiguration', name),
      'rules',
      0,
      'applyServerSideEncryptionByDefault',
      'kmsMasterKeyId',
    ),
  );
  assert.deepEqual(keys, [keyOf('audit'), keyOf('lake')]);
  const refused = statementsOf(one('s3/BucketPolicy', 'audit').policy).filter(({ Effect }) => Effect === 'Deny');
  const deletion = refused.find(({ Action }) => listOf(Action).includes('s3:DeleteObjectVersion'));
  assert.deepEqual([deletion?.Principal, deletion?.Condition], ['*', undefined]);
  const writers = ofType(all, 'iam/RolePolicy').filter(({ inputs }) => String(inputs.policy).includes('-audit-'));
  assert.ok(writers.length > 0);
  for (const { name, inputs } of writers)
    for (const { Action, Resource } of statementsOf(inputs.policy))
      if (listOf(Resource).some((resource) => resource.includes('-audit-')))
        assert.ok(!listOf(Action).some((action) => /Delete|Bypass|Retention/.test(action)), name);
});

test('C08: each key turns, waits 30 days before it goes, and names this account only; the signing key is an Ed25519 pair', () => {
  for (const { name, inputs } of ofType(all, 'kms/Key')) {
    assert.equal(inputs.deletionWindowInDays, 30, name);
    if (name === 'signing')
      assert.deepEqual([inputs.keyUsage, inputs.customerMasterKeySpec], ['SIGN_VERIFY', 'ECC_NIST_EDWARDS25519']);
    else assert.equal(inputs.enableKeyRotation, true, name);
    for (const { Principal, Action } of statementsOf(inputs.policy)) {
      const principal = at(Principal, 'AWS') ?? at(Principal, 'Service');
      assert.ok(['arn:aws:iam::123456789012:root', 'logs.eu-central-1.amazonaws.com'].includes(String(principal)), name);
      assert.ok(!listOf(Action).some((action) => action === 'kms:*' || action === '*'), name);
    }
  }
});

test("C08: the database with subjects' keys has a key of its own, and no copy that outlives the erasure window", () => {
  const registry = one('rds/Instance');
  assert.equal(registry.kmsKeyId, keyOf('registry'));
  assert.deepEqual(
    [registry.backupRetentionPeriod, registry.skipFinalSnapshot, registry.deleteAutomatedBackups],
    [30, true, true],
  );
  assert.equal(at(registry, 'tags', 'millrace.dev/store'), 'subject-keys');
  const sharing = all.filter(({ type, inputs }) => !type.includes('rds/') && JSON.stringify(inputs).includes(keyOf('registry')));
  assert.deepEqual(sharing, []);
});

test('the registry answers in two zones, encrypted, inside the network, by TLS only, and makes its own password', () => {
  const { multiAz, storageEncrypted, iamDatabaseAuthenticationEnabled, publiclyAccessible, deletionProtection } =
    one('rds/Instance');
  assert.deepEqual(
    { multiAz, storageEncrypted, iamDatabaseAuthenticationEnabled, publiclyAccessible, deletionProtection },
    {
      multiAz: true,
      storageEncrypted: true,
      iamDatabaseAuthenticationEnabled: true,
      publiclyAccessible: false,
      deletionProtection: true,
    },
  );
  assert.deepEqual([one('rds/Instance').manageMasterUserPassword, one('rds/Instance').password], [true, undefined]);
  const parameters = one('rds/ParameterGroup').parameters as readonly { readonly name: string; readonly value: string }[];
  assert.equal(parameters.find(({ name }) => name === 'rds.force_ssl')?.value, '1');
});

test('C08: a shorter erasure window shortens backups and what S3 keeps of deleted files', async () => {
  const short = await deploy(() => {
    awsPlatform(awsFoundation(PRODUCTION), { ...PRODUCTION, erasureDays: 3 });
  });
  const [registry] = ofType(short, 'rds/Instance');
  assert.equal(registry?.inputs.backupRetentionPeriod, 3);
  const lake = ofType(short, 's3/BucketLifecycleConfiguration').find(({ name }) => name === 'lake');
  assert.equal(at(lake?.inputs, 'rules', 1, 'noncurrentVersionExpiration', 'noncurrentDays'), 3);
});

test('D06: buckets are versioned, closed to the public and to plain HTTP, and the lake is under a key of ours', () => {
  const names = ['access-logs', 'audit', 'lake'];
  const kinds = ['s3/Bucket', 's3/BucketVersioning', 's3/BucketPublicAccessBlock', 's3/BucketPolicy'];
  for (const kind of kinds)
    assert.deepEqual(
      ofType(all, kind).map(({ name }) => name),
      names,
    );
  for (const name of names) {
    assert.equal(at(one('s3/BucketVersioning', name), 'versioningConfiguration', 'status'), 'Enabled');
    const { bucket, ...closed } = one('s3/BucketPublicAccessBlock', name);
    assert.equal(bucket, `${name}-id`);
    assert.deepEqual(new Set(Object.values(closed)), new Set([true]));
    assert.equal(Object.keys(closed).length, 4);
    const plainHttp = statementsOf(one('s3/BucketPolicy', name).policy).find(
      ({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
    );
    assert.deepEqual([plainHttp?.Principal, plainHttp?.Action, listOf(plainHttp?.Resource).length], ['*', 's3:*', 2]);
  }
  const rule = at(one('s3/BucketServerSideEncryptionConfiguration', 'lake'), 'rules', 0);
  assert.deepEqual(rule, {
    applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keyOf('lake') },
    bucketKeyEnabled: true,
  });
});

test('images are scanned on push, their tags never move, and they lie under a key of ours', () => {
  const images = one('ecr/Repository');
  assert.deepEqual([images.imageTagMutability, images.imageScanningConfiguration], ['IMMUTABLE', { scanOnPush: true }]);
  assert.deepEqual(images.encryptionConfigurations, [{ encryptionType: 'KMS', kmsKey: keyOf('images') }]);
});

test('queries are stopped at their limit, and their results encrypted', () => {
  const configuration = one('athena/Workgroup').configuration;
  assert.equal(at(configuration, 'enforceWorkgroupConfiguration'), true);
  assert.equal(at(configuration, 'bytesScannedCutoffPerQuery'), 100 * 2 ** 30);
  assert.equal(at(configuration, 'resultConfiguration', 'encryptionConfiguration', 'kmsKeyArn'), keyOf('lake'));
});
