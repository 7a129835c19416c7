import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MillraceError } from '../../app/errors.ts';
import { parseDials } from '../../constructs/dials.ts';
import { dialsOf, environments, readDials } from '../../constructs/environments.ts';
import { CHANGE_CAPTURE } from './followed.ts';

const faultsOf = (raw: unknown, environment = 'dev'): string => {
  try {
    parseDials(environment, 'stacks/Pulumi.dev.yaml', raw);
  } catch (error) {
    assert.ok(error instanceof MillraceError);
    return error.message;
  }
  return '';
};

async function rawDials(environment: string): Promise<Record<string, unknown>> {
  const { environment: _, highAvailability, ...raw } = await readDials(environment);
  return structuredClone(raw) as Record<string, unknown>;
}

test('each environment of the repository has dials that hold', async () => {
  assert.deepEqual(await environments(), ['dev', 'prod', 'staging']);
  for (const name of await environments()) assert.equal((await readDials(name)).environment, name);
});

test('only dev may stand in one zone', async () => {
  assert.equal((await readDials('dev')).highAvailability, false);
  assert.equal((await readDials('staging')).highAvailability, true);
});

test('every wrong key, type and value is named at once, with file, key, value and expectation', async () => {
  const raw = await rawDials('dev');
  const message = faultsOf({
    ...raw,
    target: 'kubernetez',
    load: { ...(raw.load as object), dailyUsers: 'many', foo: 1 },
    image: 'millrace:latest',
    releases: { retail: 'newest' },
    objects: { ...(raw.objects as object), certificateAuthority: 'ca.pem' },
    zzz: 3,
    owner: undefined,
  });
  assert.match(message, /^stacks\/Pulumi\.dev\.yaml has \d+ faults/);
  for (const line of [
    /millrace:target is "kubernetez"; expected one of kubernetes, aws/,
    /millrace:load\.dailyUsers is "many"; expected a whole number from 1 to 1000000000/,
    /millrace:load\.foo is 1; expected one of the keys dailyUsers, eventsPerUser, peakFactor, retentionDays/,
    /millrace:image is "millrace:latest"; expected an image by digest/,
    /millrace:releases\S* is .*; expected none, or a release unit/,
    /millrace:objects\.certificateAuthority is "ca\.pem"; expected certificates in PEM/,
    /millrace:zzz is 3; expected one of the keys target, /,
    /millrace:owner is missing; expected a lower-case name/,
  ])
    assert.match(message, line);
});

/** A followed database, changed. */
const following = (change: Readonly<Record<string, unknown>>) => {
  const [[name, database] = []] = Object.entries(CHANGE_CAPTURE.databases);
  const changed = Object.entries({ ...database, ...change }).filter(([, value]) => value !== undefined);
  return { ...CHANGE_CAPTURE, databases: { [String(name)]: Object.fromEntries(changed) } };
};

test('combinations that cannot stand are refused', async () => {
  const dev = await rawDials('dev');
  const providers = dev.providers as object;
  const cases: readonly [Record<string, unknown>, RegExp][] = [
    [
      { ...dev, providers: { ...providers, metadata: 'rds' } },
      /providers\.metadata is "rds"; expected a provider that runs without AWS/,
    ],
    [{ ...dev, operators: { from: 'manifests' } }, /operators\.folder is missing/],
    [{ ...dev, gpu: { ...(dev.gpu as object), quota: 2 } }, /gpu\.quota is 2; expected 0/],
    [{ ...dev, objects: undefined }, /millrace:objects is missing; expected an object with host/],
    [{ ...dev, objects: { ...(dev.objects as object), ranges: ['10.0.0.0/8'] } }, /either namespace or ranges/],
    [{ ...dev, target: 'aws' }, /millrace:aws is missing/],
    [{ ...dev, changeCapture: following({ ranges: undefined }) }, /shop-orders-db is .*expected either namespace or ranges/],
    [{ ...dev, changeCapture: following({ secretStore: undefined }) }, /shop-orders-db\.secretStore is missing; expected the Cl/],
    [{ ...dev, changeCapture: following({ host: undefined }) }, /shop-orders-db\.host is missing/],
  ];
  for (const [raw, expected] of cases) assert.match(faultsOf(raw), expected);
  assert.match(faultsOf({ ...dev, providers: { ...providers, log: 'single' } }, 'staging'), /strimzi or msk outside dev/);
  const prod = await rawDials('prod');
  assert.match(
    faultsOf({ ...prod, aws: { ...(prod.aws as object), region: 'us-east-1' } }, 'prod'),
    /aws\.region is "us-east-1"; expected one of aws\.allowedRegions: eu-central-1, eu-west-1/,
  );
});

test('who may ask the warehouse is said only where it runs in the cluster', async () => {
  const raw = await rawDials('staging');
  assert.equal(faultsOf({ ...raw, warehouse: { callers: ['grafana'] } }, 'staging'), '');
  assert.match(faultsOf({ ...raw, warehouse: { callers: [] } }, 'staging'), /millrace:warehouse\.callers is \[\]/);
  const providers = { ...(raw['providers'] as object), warehouse: 'none' };
  assert.match(
    faultsOf({ ...raw, providers, warehouse: { callers: ['grafana'] } }, 'staging'),
    /millrace:warehouse is .*trino alone/,
  );
});

test('an unknown environment is refused with those there are', async () => {
  await assert.rejects(readDials('qa'), /There is no environment 'qa'/);
});

test('the engine’s texts and the file give the same dials', async () => {
  const raw = await rawDials('staging');
  const texts = Object.entries(raw).map(([key, value]) => [
    `millrace:${key}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  assert.deepEqual(dialsOf('staging', Object.fromEntries(texts)), await readDials('staging'));
});

test('nodes that cannot start closed are not asked to', async () => {
  const raw = await rawDials('prod');
  const gpu = { ...(raw.gpu as object), readiness: 'taint' };
  const managed = { ...(raw.providers as object), nodes: 'managed' };
  assert.match(faultsOf({ ...raw, gpu, providers: managed }, 'prod'), /millrace:gpu\.readiness is "taint"; expected allocatable/);
  assert.equal(faultsOf({ ...raw, gpu }, 'prod'), '');
});
