import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputPropertiesError } from '@pulumi/pulumi';
import fc from 'fast-check';
import { tablePrefix as writtenByApp } from '../../app/lake/table-name.ts';
import { type AwsPlan, checkFoundation, sizesOf } from '../../constructs/cluster/aws-props.ts';
import { RESERVED_SHARE } from '../../constructs/features/aws-elasticache.ts';
import { tablePrefix } from '../../constructs/lake/aws-table.ts';
import { PRODUCTION } from './aws-account.ts';

const faultsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    assert.ok(InputPropertiesError.isInstance(error), String(error));
    for (const { propertyPath, reason } of error.errors) assert.ok(error.message.includes(`${propertyPath} ${reason}`));
    return error.errors.map(({ propertyPath }) => propertyPath);
  }
  return [];
};

test('production is accepted', () => {
  assert.deepEqual(
    faultsOf(() => checkFoundation(PRODUCTION)),
    [],
  );
});

test('a region outside the allowed ones is refused, by its property', () => {
  const run = () => checkFoundation({ ...PRODUCTION, region: 'us-east-1' });
  assert.deepEqual(faultsOf(run), ['region']);
  assert.throws(run, /region is "us-east-1"; expected one of allowedRegions: eu-central-1, eu-west-1/);
});

test('a network that holds the addresses of Services is refused, by its property', () => {
  const run = () => checkFoundation({ ...PRODUCTION, cidr: '172.20.0.0/16' });
  assert.deepEqual(faultsOf(run), ['cidr']);
  assert.throws(run, /cidr is "172\.20\.0\.0\/16"; expected a range apart from/);
  assert.deepEqual(
    faultsOf(() => checkFoundation({ ...PRODUCTION, cidr: '172.21.0.0/16' })),
    [],
  );
});

test('all faults are told at once', () => {
  const wrong = {
    ...PRODUCTION,
    environment: 'Production',
    tags: { ...PRODUCTION.tags, owner: '' },
    region: 'moon-1',
    zones: ['moon-1a', 'moon-1a', 'moon-1b'],
    cidr: '10.0.0.0/8',
    adminRanges: ['192.0.2.0/24', '0.0.0.0/0'],
    administrators: ['root'],
    groups: { everybody: ['millrace:auditor'] },
    gpu: { ...PRODUCTION.gpu, monthlyBudget: 0 },
    alertEmail: 'nobody',
    plan: { ...PRODUCTION.plan, cpu: { instanceType: 'm7i.xlarge', min: 5, max: 3 } },
  };
  assert.deepEqual(
    faultsOf(() => checkFoundation(wrong)),
    [
      'environment',
      'tags.owner',
      'region',
      'region',
      'zones',
      'cidr',
      'adminRanges[1]',
      'administrators[0]',
      'groups',
      'gpu.monthlyBudget',
      'alertEmail',
      'plan.cpu.max',
    ],
  );
});

const plans: fc.Arbitrary<AwsPlan> = fc.record({
  brokers: fc.integer({ min: 1, max: 60 }),
  brokerVcpus: fc.double({ min: 0.1, max: 64, noNaN: true }),
  brokerMemoryGiB: fc.double({ min: 0.1, max: 256, noNaN: true }),
  brokerStorageGiB: fc.integer({ min: 1, max: 16_384 }),
  storeShards: fc.integer({ min: 1, max: 90 }),
  storeReplicas: fc.integer({ min: 0, max: 5 }),
  storeMemoryGiB: fc.double({ min: 0.01, max: 314, noNaN: true }),
  registryVcpus: fc.double({ min: 0.1, max: 64, noNaN: true }),
  registryMemoryGiB: fc.double({ min: 0.1, max: 256, noNaN: true }),
  registryStorageGiB: fc.integer({ min: 1, max: 16_384 }),
  cpu: fc.constant(PRODUCTION.plan.cpu),
  logRetentionDays: fc.integer({ min: 1, max: 3_650 }),
});

test('any plan within what AWS offers gets sizes that hold it, and brokers in every zone alike', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const { broker, brokers, store, database } = sizesOf({ plan }, RESERVED_SHARE);
      assert.ok(brokers >= plan.brokers && brokers % 3 === 0 && brokers < plan.brokers + 3);
      assert.ok(broker.memoryGiB >= plan.brokerMemoryGiB && broker.vcpus >= plan.brokerVcpus);
      assert.ok(store.memoryGiB * (1 - RESERVED_SHARE) >= plan.storeMemoryGiB * (1 - 1e-12));
      assert.ok(database.memoryGiB >= plan.registryMemoryGiB && database.vcpus >= plan.registryVcpus);
    }),
    { numRuns: 300 },
  );
});

test('more of anything never gets a smaller size', () => {
  fc.assert(
    fc.property(plans, plans, (a, b) => {
      const numbers = (plan: AwsPlan) => Object.entries(plan).filter(([, value]) => typeof value === 'number');
      const larger = Object.fromEntries(
        numbers(a).map(([key, value]) => [key, Math.max(value, Number(b[key as keyof AwsPlan]))]),
      );
      const [small, large] = [sizesOf({ plan: a }, RESERVED_SHARE), sizesOf({ plan: { ...a, ...larger } }, RESERVED_SHARE)];
      for (const part of ['broker', 'store', 'database'] as const) assert.ok(large[part].memoryGiB >= small[part].memoryGiB);
      assert.ok(large.brokers >= small.brokers);
    }),
    { numRuns: 200 },
  );
});

test('numbers that no service holds are refused, each by its property', () => {
  const plan: AwsPlan = {
    ...PRODUCTION.plan,
    brokers: 61,
    brokerMemoryGiB: 300,
    storeMemoryGiB: 400,
    registryMemoryGiB: 500,
    brokerStorageGiB: 16_385,
    registryStorageGiB: 0.5,
    storeShards: 0,
    storeReplicas: 6,
  };
  assert.deepEqual([...faultsOf(() => sizesOf({ plan, erasureDays: 0 }, RESERVED_SHARE))].sort(), [
    'erasureDays',
    'plan.brokerMemoryGiB',
    'plan.brokerStorageGiB',
    'plan.brokers',
    'plan.registryMemoryGiB',
    'plan.registryStorageGiB',
    'plan.storeMemoryGiB',
    'plan.storeReplicas',
    'plan.storeShards',
  ]);
});

test("a table's place in the bucket is where the app puts it", () => {
  for (const table of ['retail.click', 'retail.click_quarantine']) assert.equal(tablePrefix(table), writtenByApp(table));
});
