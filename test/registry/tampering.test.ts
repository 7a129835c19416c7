import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sha256 } from '../../app/registry/digest.ts';
import { type Fixture, gated, MODEL, openFixture, signingKeys } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await openFixture();
});
after(() => fixture.close());

const lastAct = () => fixture.audit.acts.at(-1);

for (const file of ['model.onnx', 'model.json', 'profile.json', 'card.md'] as const)
  test(`one changed byte of ${file} is found by name, at load and at promotion`, async () => {
    const { registry, objects } = fixture;
    const version = await gated(fixture);
    await registry.approve(MODEL, version.version, 'olga');
    const key = `${version.manifest.prefix}${file}`;
    const body = await objects.get(key);
    body[3] = (body[3] as number) ^ 1;
    await objects.put(key, body);
    const named = version.manifest.files[file];
    const refusal = {
      code: 'MR_REGISTRY_DIGEST_MISMATCH',
      field: file,
      expected: `${named.bytes} bytes with SHA-256 ${named.sha256}`,
    };
    await assert.rejects(registry.loadUnit(version.unitId), refusal);
    await assert.rejects(registry.promote(MODEL, version.version, 'olga', 'test'), refusal);
    assert.equal(lastAct()?.outcome, 'refused');
    assert.notEqual((await registry.alias(MODEL, 'champion'))?.version, version.version);
  });

test('a manifest changed in the store is found, also where its digest was changed along', async () => {
  const { registry, metadata } = fixture;
  const version = await gated(fixture);
  const text = JSON.stringify({ ...version.manifest, thresholds: {} });
  await metadata.db.updateTable('versions').set({ manifest: text }).where('unit_id', '=', version.unitId).execute();
  await assert.rejects(registry.loadUnit(version.unitId), { code: 'MR_REGISTRY_DIGEST_MISMATCH', field: 'manifest' });
  await metadata.db
    .updateTable('versions')
    .set({ unit_id: sha256(text) })
    .where('unit_id', '=', version.unitId)
    .execute();
  await assert.rejects(registry.loadUnit(sha256(text)), { code: 'MR_REGISTRY_SIGNATURE_INVALID', field: 'manifest' });
});

test('a verdict with a wrong signature, or about another unit, is not stored', async () => {
  const { registry, release, evidence } = fixture;
  const version = await registry.register(await release(), 'ann');
  const good = await evidence(version);
  const forged = { ...good, signature: await signingKeys().sign(Buffer.from(good.evidence)) };
  const changed = { ...good, evidence: good.evidence.replace('other-person', 'local') };
  const elsewhere = await evidence({ version: version.version, unitId: 'e'.repeat(64) });
  for (const bad of [forged, changed, elsewhere])
    await assert.rejects(registry.recordVerdict('workload:gate', bad), {
      code: 'MR_REGISTRY_SIGNATURE_INVALID',
      field: 'verdict',
    });
  assert.equal((await registry.show(MODEL, version.version)).state, 'candidate');
});

test('a state, verdict or approval written past the registry does not promote', async () => {
  const { registry, metadata, release } = fixture;
  const { db } = metadata;
  const version = await registry.register(await release(), 'ann');
  const promote = () => registry.promote(MODEL, version.version, 'eve', 'test');
  const of = { model: MODEL, version: version.version, unit_id: version.unitId, at: 1 };
  await db.updateTable('versions').set({ state: 'approved' }).where('unit_id', '=', version.unitId).execute();
  await assert.rejects(promote(), { code: 'MR_REGISTRY_NOT_GATED' });
  const other = await gated(fixture);
  const borrowed = (await registry.verdicts(MODEL, other.version))[0];
  assert.ok(borrowed);
  const signature = JSON.stringify(borrowed.signature);
  await db
    .insertInto('verdicts')
    .values({ ...of, verdict: 'passed', evidence: borrowed.evidence, signature })
    .execute();
  await assert.rejects(promote(), { code: 'MR_REGISTRY_SIGNATURE_INVALID', field: 'verdict' });
  await registry.recordVerdict('workload:gate', await fixture.evidence(version));
  await assert.rejects(promote(), { code: 'MR_REGISTRY_NOT_APPROVED' });
  await db
    .insertInto('approvals')
    .values({ ...of, approver: 'olga', signature })
    .execute();
  await assert.rejects(promote(), { code: 'MR_REGISTRY_SIGNATURE_INVALID', field: 'approval' });
});
