import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COST_CENTRE, DATA_CLASS, ENVIRONMENT, OWNER } from '../../app/usecases/annotations.ts';
import { isTaggable } from '../../constructs/cluster/aws-tags.ts';
import { PRODUCTION } from './aws-account.ts';
import { deployAll, shortType } from './aws-program.ts';

const aws = join(import.meta.dirname, '../../node_modules/@pulumi/aws');
const production = await deployAll(PRODUCTION);
const trial = await deployAll({ ...PRODUCTION, environment: 'trial', protect: false });

test('production registers the resources that were reviewed', (t) => {
  t.assert.snapshot(production.map(({ type, name }) => `${type} ${name}`));
});

test('every resource is made by the provider of the chosen region', () => {
  const [provider] = production.filter(({ type }) => type === 'pulumi:providers:aws');
  assert.equal(provider?.inputs.region, PRODUCTION.region);
  const others = production.filter(
    ({ type, provider: by }) => type.startsWith('aws:') && !by.includes('pulumi:providers:aws::aws::'),
  );
  assert.deepEqual(others, []);
});

test('what takes tags carries owner, environment, cost centre and data class, and nothing else is tagged', () => {
  for (const { type, name, inputs } of production.filter(({ type }) => type.startsWith('aws:'))) {
    const [, path = '', resource = ''] = /^aws:([\w/]+):(\w+)$/.exec(type) ?? [];
    const types = readFileSync(join(aws, `${path}.d.ts`), 'utf8');
    const [, args = ''] = new RegExp(`interface ${resource}Args \\{([\\s\\S]*?)\\n\\}`).exec(types) ?? [];
    const takesTags = /\n {4}tags\?:/.test(args);
    assert.equal(isTaggable(type), takesTags, `${type} ${takesTags ? 'takes' : 'takes no'} tags`);
    if (!takesTags) continue;
    const tags = inputs.tags as Record<string, string>;
    const found = { owner: tags[OWNER], environment: tags[ENVIRONMENT], costCentre: tags[COST_CENTRE] };
    assert.deepEqual(found, PRODUCTION.tags, `${type} ${name}`);
    assert.match(tags[DATA_CLASS] ?? '', /^(public|internal|sensitive|pii)$/, `${type} ${name}`);
  }
});

test('stores and keys say what they hold', () => {
  const held = (short: string) =>
    production.flatMap(({ type, name, inputs }) =>
      shortType(type) === short ? [`${name}: ${(inputs.tags as Record<string, string>)[DATA_CLASS]}`] : [],
    );
  assert.deepEqual(held('s3/Bucket'), ['access-logs: internal', 'audit: internal', 'lake: pii']);
  assert.deepEqual(held('rds/Instance'), ['registry: pii']);
  assert.deepEqual([...held('msk/Cluster'), ...held('elasticache/ReplicationGroup')], ['log: pii', 'online: pii']);
});

const STATEFUL = [
  'ecr/Repository',
  'eks/Cluster',
  'elasticache/ReplicationGroup',
  'kms/Key',
  'msk/Cluster',
  'rds/Instance',
  's3/Bucket',
  'secretsmanager/Secret',
];

test('production protects every store, key and secret from deletion; a trial protects nothing', () => {
  const guarded = new Set(production.flatMap(({ type, protect }) => (protect ? [shortType(type)] : [])));
  assert.deepEqual([...guarded].sort(), [...STATEFUL, 's3/BucketObjectLockConfiguration'].sort());
  const open = production.filter(({ type, protect }) => STATEFUL.includes(shortType(type)) && !protect);
  assert.deepEqual(
    open.map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    trial.flatMap(({ name, protect }) => (protect ? [name] : [])),
    [],
  );
});

test('a trial has one way out of the network, production one in each zone', () => {
  const nats = (all: typeof production) => all.filter(({ type }) => shortType(type) === 'ec2/NatGateway').length;
  assert.deepEqual([nats(production), nats(trial)], [3, 1]);
});

/** How the engine marks a secret on the wire. */
const SECRET = '4dabf18193072939515e22adb298388d';

/** Texts in inputs that are not inside a secret, with where they stand. */
function* plain(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'object' && value !== null && !(SECRET in value))
    for (const [key, inner] of Object.entries(value)) yield* plain(inner, `${path}.${key}`);
}

test('no password stands in an input in plain text', () => {
  const passwords = new Set(
    production.flatMap(({ type, inputs }) => {
      if (shortType(type) !== 'secretsmanager/SecretVersion') return [];
      const { value } = inputs.secretString as { readonly value: string };
      return [(JSON.parse(value) as { readonly password: string }).password];
    }),
  );
  assert.equal(passwords.size, 6, 'a password for each user of the online store and the registry, no two alike');
  for (const password of passwords) assert.ok(password.length >= 32, 'a password that cannot be guessed');
  for (const { type, name, inputs } of production)
    for (const [path, text] of plain(inputs, `${type} ${name}`))
      for (const password of passwords) assert.ok(!text.includes(password), path);
});

test('a second deployment makes no new password', () => {
  const versions = production.filter(({ type }) => shortType(type) === 'secretsmanager/SecretVersion');
  for (const { name, ignoreChanges } of versions) assert.deepEqual(ignoreChanges, ['secretString'], name);
});
