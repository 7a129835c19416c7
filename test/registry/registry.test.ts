import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, HOUR } from '../../app/clock/port.ts';
import { openRegistryReader } from '../../app/registry/read.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import { type Fixture, gated, MODEL, openFixture } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await openFixture();
});
after(() => fixture.close());

const lastAct = () => fixture.audit.acts.at(-1);

async function champion(author?: string) {
  const version = await gated(fixture, author);
  await fixture.registry.approve(MODEL, version.version, 'olga');
  return fixture.registry.promote(MODEL, version.version, 'olga', 'test');
}

test('registering the same release again is the same version', async () => {
  const { registry, release } = fixture;
  const manifest = await release();
  const first = await registry.register(manifest, 'ann');
  // Key order says nothing.
  const turned = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as typeof manifest;
  const again = await registry.register(turned, 'ann');
  assert.deepEqual(again, first);
  assert.equal((await registry.alias(MODEL, 'challenger'))?.version, first.version);
  assert.equal((await registry.byUnit(first.unitId))?.version, first.version);
});

test('at once, versions get numbers without gaps or doubles', async () => {
  const { registry, release } = fixture;
  const before = (await registry.list(MODEL)).length;
  const manifests = await Promise.all([release(), release(), release(), release()]);
  const versions = await Promise.all(manifests.map((manifest) => registry.register(manifest, 'ann')));
  assert.deepEqual(
    versions.map(({ version }) => version).sort((a, b) => a - b),
    [1, 2, 3, 4].map((n) => before + n),
  );
});

test('a release with a missing file is not listed', async () => {
  const { registry, objects, release } = fixture;
  const manifest = await release();
  await objects.delete(`${manifest.prefix}profile.json`);
  const listed = (await registry.list(MODEL)).length;
  await assert.rejects(registry.register(manifest, 'ann'), { code: 'MR_REGISTRY_FILE_MISSING', field: 'profile.json' });
  assert.equal((await registry.list(MODEL)).length, listed);
  assert.equal(lastAct()?.outcome, 'refused');
});

for (const [field, change] of [
  ['prefix', { prefix: 'releases/../lake/' }],
  ['prefix', { prefix: 'releases/other/abc/' }],
  ['model', { model: 'a/b' }],
  ['manifest', { parameters: { factors: Number.NaN } }],
  ['files', { files: {} as never }],
] as const)
  test(`a manifest with a bad ${field} is refused by name: ${JSON.stringify(change)}`, async () => {
    const manifest = await fixture.release(change);
    await assert.rejects(fixture.registry.register(manifest, 'ann'), { code: 'MR_REGISTRY_MANIFEST_INVALID', field });
  });

test('a unit comes back byte for byte; an unknown one is named', async () => {
  const { registry, release } = fixture;
  const manifest = await release();
  const { unitId } = await registry.register(manifest, 'ann');
  const unit = await registry.loadUnit(unitId);
  assert.equal(unit.manifest.prefix, manifest.prefix);
  assert.match(unit.files['card.md'].toString(), /^card\.md of release/);
  await assert.rejects(registry.loadUnit('f'.repeat(64)), { code: 'MR_REGISTRY_VERSION_UNKNOWN', field: 'unitId' });
});

test('a version that was not gated is neither approved nor promoted', async () => {
  const { registry, release } = fixture;
  const { version } = await registry.register(await release(), 'ann');
  await assert.rejects(registry.approve(MODEL, version, 'olga'), { code: 'MR_REGISTRY_NOT_GATED' });
  await assert.rejects(registry.promote(MODEL, version, 'olga', 'test'), { code: 'MR_REGISTRY_NOT_GATED' });
  assert.deepEqual([lastAct()?.action, lastAct()?.outcome], ['registry.version.promote', 'refused']);
  await assert.rejects(registry.show(MODEL, 999), { code: 'MR_REGISTRY_VERSION_UNKNOWN', value: 999 });
});

test("the author may not approve, however the name is written, unless the gate's evidence says local", async () => {
  const { registry } = fixture;
  const mine = await gated(fixture, 'Ann');
  for (const name of ['Ann', 'ann', 'ＡＮＮ'])
    await assert.rejects(registry.approve(MODEL, mine.version, name), { code: 'MR_REGISTRY_SAME_PERSON' });
  assert.deepEqual([lastAct()?.action, lastAct()?.outcome], ['registry.version.approve', 'refused']);
  const local = await gated(fixture, 'local', 'local');
  const approval = await registry.approve(MODEL, local.version, 'local');
  assert.deepEqual(await registry.approve(MODEL, local.version, 'local'), approval);
  assert.equal((await registry.show(MODEL, local.version)).approvals.length, 1);
});

test('a later refusal takes the approval back', async () => {
  const { registry, evidence } = fixture;
  const version = await gated(fixture);
  await registry.approve(MODEL, version.version, 'olga');
  await registry.recordVerdict('workload:gate', await evidence(version, { verdict: 'refused' }));
  await assert.rejects(registry.promote(MODEL, version.version, 'olga', 'test'), { code: 'MR_REGISTRY_NOT_GATED' });
  await registry.recordVerdict('workload:gate', await evidence(version));
  await assert.rejects(registry.promote(MODEL, version.version, 'olga', 'test'), { code: 'MR_REGISTRY_NOT_APPROVED' });
});

test('promotion, rollback and what answered when', async () => {
  const { registry, clock } = fixture;
  const start = clock.time;
  const first = await champion();
  clock.time += HOUR;
  const second = await champion();
  clock.time += HOUR;
  const third = await champion();
  clock.time += HOUR;
  assert.equal((await registry.rollback(MODEL, 'olga', 'third is slow')).version, second.version);
  clock.time += HOUR;
  assert.equal((await registry.rollback(MODEL, 'olga', 'second too')).version, first.version);
  const answered = await Promise.all([0, 1, 2, 3, 4, 9].map((hours) => registry.at(MODEL, start + hours * HOUR)));
  const expected = [first, second, third, second, first, first];
  assert.deepEqual(
    answered.map((version) => version?.version),
    expected.map(({ version }) => version),
  );
  assert.equal(await registry.at(MODEL, start - DAY), undefined);
  assert.equal((await registry.alias(MODEL, 'champion'))?.version, first.version);
  await assert.rejects(registry.rollback(MODEL, 'olga', 'and now?'), { code: 'MR_REGISTRY_NO_PREVIOUS' });
  const { lineage } = await registry.show(MODEL, second.version);
  assert.deepEqual(lineage.served, [
    { from: start + HOUR, to: start + 2 * HOUR },
    { from: start + 3 * HOUR, to: start + 4 * HOUR },
  ]);
  assert.deepEqual(lineage.dataset.tables, { 'retail.click': 7 });
});

test('promoting the champion again changes nothing; the challenger alias goes with the promotion', async () => {
  const { registry } = fixture;
  const version = await champion();
  const deployments = (await registry.deployments(MODEL)).length;
  await registry.promote(MODEL, version.version, 'olga', 'a retried step');
  assert.equal((await registry.deployments(MODEL)).length, deployments);
  assert.equal(await registry.alias(MODEL, 'challenger'), undefined);
});

test('a retired version never serves again, and a rollback passes over it; the champion cannot be retired', async () => {
  const { registry } = fixture;
  const [first, second, third] = [await champion(), await champion(), await champion()];
  await assert.rejects(registry.retire(MODEL, third.version, 'olga', 'x'), { code: 'MR_REGISTRY_CHAMPION' });
  await registry.retire(MODEL, second.version, 'olga', 'bad data');
  await assert.rejects(registry.promote(MODEL, second.version, 'olga', 'x'), { code: 'MR_REGISTRY_RETIRED' });
  assert.equal((await registry.rollback(MODEL, 'olga', 'x')).version, first.version);
});

test('an act that is cut off before its commit leaves nothing half', async () => {
  const { registry, audit } = fixture;
  const former = await champion();
  const version = await gated(fixture);
  const history = await registry.deployments(MODEL);
  const cutOff = async (act: () => Promise<unknown>) => {
    audit.fail = true;
    // The audit record is the last step, so all writes of the act are done when this throws.
    await assert.rejects(act(), /audit log is full/);
    audit.fail = false;
  };
  await cutOff(() => registry.approve(MODEL, version.version, 'olga'));
  const shown = await registry.show(MODEL, version.version);
  assert.deepEqual([shown.state, shown.approvals], ['gated', []]);
  await registry.approve(MODEL, version.version, 'olga');
  await cutOff(() => registry.promote(MODEL, version.version, 'olga', 'x'));
  await cutOff(() => registry.rollback(MODEL, 'olga', 'x'));
  assert.equal((await registry.alias(MODEL, 'champion'))?.version, former.version);
  assert.equal((await registry.alias(MODEL, 'challenger'))?.version, version.version);
  assert.deepEqual(await registry.deployments(MODEL), history);
});

test('names of actors are checked', async () => {
  const { registry } = fixture;
  const version = await gated(fixture);
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(200)])
    await assert.rejects(registry.approve(MODEL, version.version, name), { code: 'MR_REGISTRY_NAME_INVALID' });
});

test('sweep deletes what a dead trainer left a day ago, and nothing a version names', async () => {
  const { objects, release, registry, metadata, keys, audit } = fixture;
  const named = await registry.register(await release(), 'ann');
  const orphan = await release();
  const old = openRegistry({ metadata, objects, keys, audit, clock: { now: () => Date.now() * 1000 + 2 * DAY } });
  const young = openRegistry({ metadata, objects, keys, audit, clock: { now: () => Date.now() * 1000 + HOUR } });
  assert.deepEqual(await young.sweep(MODEL), []);
  assert.deepEqual(await old.sweep('another-model'), []);
  const swept = await old.sweep(MODEL);
  assert.ok(swept.includes(orphan.prefix.slice(0, -1)));
  assert.equal(await objects.has(`${orphan.prefix}card.md`), false);
  assert.ok((await registry.loadUnit(named.unitId)).files['card.md']);
});

test('the read side needs the metadata store alone', async () => {
  const version = await champion();
  const reader = openRegistryReader(fixture.metadata);
  assert.equal((await reader.alias(MODEL, 'champion'))?.unitId, version.unitId);
});
