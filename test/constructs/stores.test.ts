import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retail } from '../../app/usecases/retail/usecase.ts';
import * as features from '../../constructs/features/charts.ts';
import { scripts } from '../../constructs/features/valkey-scripts.ts';
import * as lake from '../../constructs/lake/charts.ts';
import * as registry from '../../constructs/registry/charts.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

type Layer = typeof lake | typeof features;
const platform = (layer: Layer | typeof registry, variant?: Variant) =>
  manifests((app) => layer.platformChart(app, site(variant)));
const usecase = (layer: Layer, variant?: Variant) => manifests((app) => layer.useCaseChart(app, site(variant), retail));

test('the lake’s manifests are the ones we reviewed', (t) => {
  t.assert.snapshot([platform(lake), usecase(lake)]);
});

test('the online store’s manifests are the ones we reviewed', (t) => {
  t.assert.snapshot([platform(features), usecase(features)]);
});

test('the registry’s manifests are the ones we reviewed', (t) => {
  t.assert.snapshot(platform(registry));
});

test('every schedule runs once at a time, begins in time or not at all, and ends', () => {
  const schedules = ofKind(usecase(lake), 'CronJob');
  assert.deepEqual(
    schedules.map(({ metadata }) => metadata.name),
    ['retail-compact', 'retail-vacuum', 'retail-warehouse-tables'],
  );
  for (const { spec } of schedules) {
    assert.equal(spec.concurrencyPolicy, 'Forbid');
    assert.ok(spec.startingDeadlineSeconds > 0);
    const { activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished } = spec.jobTemplate.spec;
    assert.ok(activeDeadlineSeconds > 0 && backoffLimit >= 0 && ttlSecondsAfterFinished > 0);
  }
});

test('vacuum keeps what the definition keeps', () => {
  const { metadata, spec } = named(usecase(lake), 'CronJob', 'retail-vacuum');
  assert.equal(metadata.annotations?.['millrace.dev/retention'], retail.retention);
  const { args } = spec.jobTemplate.spec.template.spec.containers[0];
  assert.deepEqual(args, ['lake', 'vacuum', '--retention', retail.retention]);
});

test('the online store has the plan’s memory, a replica in another zone, and no way to push a feature out', () => {
  const made = site();
  const { shards, replicas, maxMemory } = made.plan.platform.valkey;
  const members = ofKind(platform(features), 'StatefulSet');
  assert.equal(members.length, shards.value);
  for (const { spec } of members) assert.equal(spec.replicas, 1 + replicas.value);
  assert.ok(replicas.value >= 1);
  const member: string = named(platform(features), 'ConfigMap', 'valkey-scripts').data['member.sh'];
  assert.match(member, new RegExp(`^maxmemory ${maxMemory.value}mb$`, 'm'));
  assert.match(member, /^maxmemory-policy noeviction$/m);
});

test('every server of the online store speaks TLS alone, and a reader may not write', () => {
  const files = scripts({ maxMemoryMiB: 100, members: 3, service: 'valkey.test', own: 'own' });
  for (const name of ['member.sh', 'sentinel.sh']) {
    assert.match(files[name] ?? '', /^port 0$/m);
    assert.match(files[name] ?? '', /^user default off( |$)/m);
  }
  const [reader] = /^user reader .*$/m.exec(files['member.sh'] ?? '') ?? [];
  assert.match(reader ?? '', /-@all \+@read/);
  assert.doesNotMatch(reader ?? '', /@write|@scripting/);
});

test('a majority of Sentinels agrees before a replica becomes primary, for any number of members', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), (members) => {
      const text = scripts({ maxMemoryMiB: 1, members, service: 's', own: 'o' })['sentinel.sh'] ?? '';
      const quorum = Number(/^sentinel monitor \$SHARD \$PRIMARY 6379 (\d+)$/m.exec(text)?.[1]);
      assert.ok(quorum * 2 > members && quorum <= members);
    }),
  );
});

test('a backfill is one run for each definition of the views', () => {
  const [first] = ofKind(usecase(features), 'Job');
  const [same] = ofKind(usecase(features), 'Job');
  assert.equal(first?.metadata.name, same?.metadata.name);
  const [view, ...others] = retail.views;
  assert.ok(view !== undefined && view.kind === 'windowed');
  const { views_1h, ...rest } = view.features;
  assert.ok(views_1h !== undefined);
  const changed = { ...retail, views: [{ ...view, features: rest }, ...others] };
  const objects = manifests((app) => features.useCaseChart(app, site({ usecases: [changed] }), changed));
  assert.notEqual(ofKind(objects, 'Job')[0]?.metadata.name, first?.metadata.name);
});

test('the registry’s database takes no connection without TLS or a password, and is backed up', () => {
  const { spec } = named(platform(registry), 'Cluster', 'millrace-registry');
  assert.equal(spec.instances, 3);
  assert.equal(spec.enableSuperuserAccess, false);
  assert.equal(spec.postgresql.pg_hba[0], 'hostnossl all all all reject');
  assert.ok(spec.postgresql.pg_hba.every((line: string) => !line.includes('trust')));
  assert.equal(spec.backup.retentionPolicy, '30d');
  assert.equal(ofKind(platform(registry), 'ScheduledBackup')[0]?.spec.method, 'barmanObjectStore');
  assert.match(spec.imageName, /-system-\w+@sha256:/, 'CloudNativePG’s other kinds of image have no Barman');
});

test('the network of the database is opened by a label that its pods and the registry beside them carry', () => {
  const objects = platform(registry);
  const { podSelector } = named(objects, 'NetworkPolicy', 'postgres').spec;
  assert.deepEqual(podSelector.matchLabels, { 'millrace.dev/layer': 'registry' });
  const { spec } = named(objects, 'Cluster', 'millrace-registry');
  assert.equal(spec.inheritedMetadata.labels['millrace.dev/layer'], 'registry');
});

test('only the gate’s account reads the gate’s password', () => {
  for (const { rules } of ofKind(platform(registry), 'Role'))
    for (const rule of rules) assert.ok(!rule.resourceNames.includes('registry-gate'));
});

test('what the cloud keeps is not kept twice', () => {
  const aws = { target: 'aws', environment: 'prod' } as const;
  assert.deepEqual(platform(features, aws), []);
  assert.deepEqual(ofKind(platform(registry, aws), 'Cluster'), []);
  assert.equal(ofKind(platform(registry, aws), 'Deployment').length, 1);
});
