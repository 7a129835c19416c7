import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { canonicalJson } from '../../app/canonical.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openRegistry } from '../../app/registry/registry.ts';
import { snapshotDigest } from '../../app/registry/snapshot.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { fraud } from '../../app/usecases/fraud/usecase.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type PinOptions, pinReleases } from '../../bin/pin-release.ts';
import { dialsIn } from '../../constructs/environments.ts';
import { contextOf, factsOf } from '../../policies/context.ts';
import { MODEL, openFixture } from '../registry/fixture.ts';

const STACKS = join(import.meta.dirname, '../../stacks');
const STAGING = 'stacks/Pulumi.staging.yaml';

/** A project's stacks beside a registry whose key it does not know yet. */
async function ground(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'millrace-pin-'));
  const fixture = await openFixture();
  const keys = await openEmbeddedKeys(join(root, 'keys'));
  t.after(async () => {
    await (await keys).close();
    await fixture.close();
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(join(root, 'stacks'));
  writeFileSync(join(root, STAGING), readFileSync(join(STACKS, 'Pulumi.staging.yaml')));
  const { metadata, objects, audit, clock } = fixture;
  const registry = openRegistry({ metadata, objects, audit, clock, keys: await keys });
  const file = () => readFileSync(join(root, STAGING), 'utf8');
  const image = dialsIn('staging', file()).image.split('@')[1];
  /** A gated version; approved and promoted unless told otherwise. */
  const release = async (as: { readonly imageDigest?: string; readonly approved?: boolean } = {}) => {
    const version = await registry.register(await fixture.release(), 'ann');
    const { model, version: number, unitId } = version;
    const head = { kind: 'verdict', model, version: number, unitId, verdict: 'passed', approval: 'other-person', checks: [] };
    const evidence = canonicalJson({ ...head, imageDigest: as.imageDigest ?? image });
    await registry.recordVerdict('gate', { evidence, signature: await (await keys).sign(Buffer.from(evidence)) });
    if (as.approved === false) return version;
    await registry.approve(MODEL, number, 'olga');
    await registry.promote(MODEL, number, 'gate', 'test');
    return version;
  };
  const snapshot = async () => writeSnapshot(registry, [retail.model.name, fraud.model.name], await keys, clock);
  const pin = async (change: Partial<PinOptions> = {}) =>
    pinReleases({
      ...{ root, dials: dialsIn('staging', file()), usecases: [retail, fraud], snapshot: await snapshot() },
      ...{ verifyKey: await (await keys).verifyKey(), now: clock.now() },
      ...change,
    });
  return { root, fixture, registry, release, snapshot, pin, file, now: () => clock.now() };
}

const kept = (before: string, after: string) => {
  const lines = after.split('\n');
  let at = 0;
  const lost = before.split('\n').filter((line) => {
    const found = lines.indexOf(line, at);
    if (found !== -1) at = found + 1;
    return found === -1;
  });
  return lost;
};

test('units, snapshot and key are pinned in one step, and nothing else of the file moves', async (t) => {
  const { root, release, pin, file, now } = await ground(t);
  const before = file();
  const { unitId, version } = await release();
  const pinned = await pin();
  assert.deepEqual(pinned.releases, { retail: { version, unit: unitId }, fraud: null });
  assert.deepEqual(kept(before, file()), ['  millrace:releases: none', '    registry: none']);
  const dials = dialsIn('staging', file());
  assert.deepEqual(dials.releases, { retail: unitId });
  // The pack reads the pin as a preview does, and finds the unit in it.
  const facts = factsOf('staging', join(root, 'stacks'));
  const { registry } = contextOf(facts, new Date(now() / 1000), root);
  assert.ok(registry !== undefined && 'snapshot' in registry, JSON.stringify(registry));
  assert.equal(registry.snapshot.models[MODEL]?.versions[0]?.unitId, unitId);
  assert.equal(pinned.digest, snapshotDigest(readFileSync(join(root, 'stacks/registry/staging.json'))));
});

test('the next release moves two lines: its unit and the digest', async (t) => {
  const { release, pin, file } = await ground(t);
  const first = await release();
  const { digest } = await pin();
  const before = file();
  const second = await release();
  await pin();
  assert.deepEqual(kept(before, file()), [`    retail: ${first.unitId}`, `      digest: ${digest}`]);
  assert.deepEqual(dialsIn('staging', file()).releases, { retail: second.unitId });
});

test('a canary comes beside what is pinned, and needs something pinned', async (t) => {
  const { release, pin, file } = await ground(t);
  const first = await release();
  await assert.rejects(pin({ canary: 10 }), { code: 'MR_DELIVERY_NO_STABLE' });
  await pin();
  const second = await release();
  await pin({ canary: 10 });
  const shared = { stable: first.unitId, canary: second.unitId, weight: 10 };
  assert.deepEqual(dialsIn('staging', file()).releases, { retail: shared });
  await pin();
  assert.deepEqual(dialsIn('staging', file()).releases, { retail: second.unitId });
});

test('a champion that may not serve is refused with the reason, and not a byte is written', async (t) => {
  const { root, release, pin, file } = await ground(t);
  const before = file();
  await assert.rejects(pin(), { code: 'MR_DELIVERY_NO_CHAMPION' });
  await release({ approved: false });
  await assert.rejects(pin(), { code: 'MR_DELIVERY_NO_CHAMPION' });
  const elsewhere = await release({ imageDigest: `sha256:${'9'.repeat(64)}` });
  await assert.rejects(pin(), { code: 'MR_DELIVERY_NOT_SERVABLE', value: elsewhere.unitId, expected: /gated with, @sha256:9/ });
  assert.equal(file(), before);
  assert.equal(existsSync(join(root, 'stacks/registry')), false);
});

test('a champion that was revoked is not pinned; one that answers instead is', async (t) => {
  const { registry, release, pin } = await ground(t);
  const first = await release();
  await registry.revoke(MODEL, first.version, 'olga', 'poisoned');
  await assert.rejects(pin(), { code: 'MR_DELIVERY_NOT_SERVABLE', message: /revoked/ });
  const good = await release();
  const revoked = await release();
  await registry.revoke(MODEL, revoked.version, 'olga', 'poisoned');
  assert.equal((await pin()).releases['retail']?.unit, good.unitId);
});

test('a snapshot is believed by the key that the dials name, else by the one that is given', async (t) => {
  const { root, release, pin, snapshot, file } = await ground(t);
  await release();
  const other = await openEmbeddedKeys(join(root, 'other'));
  t.after(() => other.close());
  await assert.rejects(pin({ verifyKey: undefined }), { code: 'MR_DELIVERY_NO_KEY' });
  await assert.rejects(pin({ verifyKey: await other.verifyKey() }), { code: 'MR_REGISTRY_SNAPSHOT_SIGNATURE' });
  const forged = Buffer.from((await snapshot()).toString('utf8').replace('"revoked":false', '"revoked":true'));
  await assert.rejects(pin({ snapshot: forged }), { code: 'MR_REGISTRY_SNAPSHOT_SIGNATURE' });
  await pin();
  await pin({ verifyKey: await other.verifyKey() });
  assert.doesNotMatch(file(), new RegExp(((await other.verifyKey()).split('\n')[1] ?? '').slice(0, 40).replaceAll('+', '\\+')));
});
