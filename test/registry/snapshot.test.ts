import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../app/canonical.ts';
import { DAY } from '../../app/clock/port.ts';
import { classifierChecks } from '../../app/delivery/classifier/judge.ts';
import type { MillraceError } from '../../app/errors.ts';
import { CATALOGUE } from '../../app/governance/catalogue.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { type RegistrySnapshot, readSnapshot, snapshotDigest, unitOf } from '../../app/registry/snapshot.ts';
import { fileKey } from '../../app/registry/unit.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { fraud } from '../../app/usecases/fraud/usecase.ts';
import { type Fixture, MODEL, openFixture } from './fixture.ts';

const IMAGE = `sha256:${'e'.repeat(64)}`;
const CHECKS = [
  { name: 'floor.recallAt20', passed: true, measured: 0.3, limit: 0.02 },
  { name: 'segment.light', passed: true, measured: 0.1, limit: 0.005 },
  { name: 'onnx', passed: true, measured: 'MatMul', limit: 'known operators' },
  { name: 'adversarial', passed: true, measured: 1.4, limit: 3 },
  { name: 'extraction', passed: true, measured: 0.4, limit: 0.75 },
];

let fixture: Fixture;
let keys: KeyStore;
let verifyKey: string;
let registry: Registry;
before(async () => {
  fixture = await openFixture();
  keys = await openEmbeddedKeys(join(mkdtempSync(join(tmpdir(), 'millrace-snapshot-')), 'keys'));
  verifyKey = await keys.verifyKey();
  registry = openRegistry({ ...fixture, keys });
});
after(async () => {
  await keys.close();
  await fixture.close();
});

/** A registered release that was judged by an image of that digest. */
async function judged(author = 'workload:trainer', more: object = { imageDigest: IMAGE }) {
  const version = await registry.register(await fixture.release(), author);
  const head = { kind: 'verdict', model: MODEL, version: version.version, unitId: version.unitId, verdict: 'passed' };
  const evidence = canonicalJson({ ...head, approval: 'other-person', judgedAt: fixture.clock.now(), checks: CHECKS, ...more });
  await registry.recordVerdict('workload:gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
  return version;
}

const write = () => writeSnapshot(registry, [MODEL], keys, fixture.clock);
const read = (bytes: Buffer, change: Partial<Parameters<typeof readSnapshot>[1]> = {}): RegistrySnapshot =>
  readSnapshot(bytes, { digest: snapshotDigest(bytes), verifyKey, now: fixture.clock.now(), ...change });
const unit = async (unitId: string) => {
  const found = unitOf(read(await write()), unitId);
  assert.ok(found);
  return found;
};
const refused = (code: string, field: string) => (error: MillraceError) =>
  error.code === code && error.field === field && error.expected !== undefined;

test('a snapshot says of a promoted release what a deployment must know', async () => {
  const version = await judged();
  await registry.approve(MODEL, version.version, 'olga');
  await registry.promote(MODEL, version.version, 'olga', 'test');
  const of = await unit(version.unitId);
  assert.equal(read(await write()).models[MODEL]?.champion, version.version);
  assert.deepEqual(
    [of.state, of.revoked, of.signed, of.whole, of.card, of.imageDigest],
    ['approved', false, true, true, true, IMAGE],
  );
  assert.deepEqual([of.gate?.passed, of.gate?.signed, of.gate?.checks.length], [true, true, 5]);
  assert.deepEqual(
    of.approvals.map(({ approver, signed, counts }) => [approver, signed, counts]),
    [['olga', true, true]],
  );
  assert.deepEqual(of.robustness, { at: fixture.clock.now(), passed: true, tried: ['extraction', 'fuzz', 'poisoning'] });
  assert.deepEqual(of.bom.dataSets, [{ table: 'retail.click', version: 7 }]);
  assert.deepEqual(of.featureViews, version.manifest.featureViews);
});

test("a classifier's attacks stand for the same as a recommender's, and one that broke it shows", async () => {
  const check = (name: string, passed = true) => ({ name, passed, measured: 0.1, limit: 0.5 });
  const names = classifierChecks(fraud);
  const tried = async (checks: readonly object[]) => (await unit((await judged('ann', { checks })).unitId)).robustness;
  const all = await tried([...names.map((name) => check(name)), check('onnx')]);
  assert.deepEqual([all?.passed, all?.tried], [true, ['evasion', 'extraction', 'fuzz', 'poisoning']]);
  assert.equal((await tried(names.map((name) => check(name, name !== 'extraction'))))?.passed, false);
});

test('the same state at the same time gives the same bytes', async () => {
  assert.deepEqual(await write(), await write());
});

test('a verdict made outside of an image says none', async () => {
  const version = await judged('ann', {});
  assert.equal((await unit(version.unitId)).imageDigest, 'none');
});

test('a file that was changed or lost, and a card that says nothing, show', async () => {
  const version = await judged();
  const key = fileKey(version.manifest, 'card.md');
  const body = await fixture.objects.get(key);
  await fixture.objects.put(key, Buffer.from('another card'));
  assert.deepEqual([(await unit(version.unitId)).whole, (await unit(version.unitId)).card], [false, false]);
  await fixture.objects.put(key, body);
  assert.equal((await unit(version.unitId)).whole, true);
});

test('an approval or verdict that someone wrote into the store does not count as signed', async () => {
  const version = await judged();
  await registry.approve(MODEL, version.version, 'olga');
  await fixture.metadata.db
    .updateTable('approvals')
    .set({ approver: 'mallory' })
    .where('version', '=', version.version)
    .execute();
  assert.deepEqual(
    (await unit(version.unitId)).approvals.map(({ signed }) => signed),
    [false],
  );
  await fixture.metadata.db
    .updateTable('verdicts')
    .set(({ fn, val }) => ({ evidence: fn<string>('replace', ['evidence', val('0.3'), val('0.9')]) }))
    .where('version', '=', version.version)
    .execute();
  assert.equal((await unit(version.unitId)).gate?.signed, false);
});

test('a revoked champion shows as revoked, takes no promotion or verdict, and the one before it answers again', async () => {
  const [first, second, third] = [await judged(), await judged(), await judged()];
  for (const { version } of [first, second, third]) {
    await registry.approve(MODEL, version, 'olga');
    await registry.promote(MODEL, version, 'olga', 'test');
  }
  const champion = async () => (await registry.alias(MODEL, 'champion'))?.version;
  await registry.revoke(MODEL, second.version, 'olga', 'poisoned data');
  assert.equal(fixture.audit.acts.at(-1)?.action, 'registry.version.revoke');
  assert.ok('registry.version.revoke' in CATALOGUE, 'the audit log knows no such act');
  assert.equal(await champion(), third.version);
  await registry.revoke(MODEL, third.version, 'olga', 'poisoned data');
  const act = fixture.audit.acts.at(-1);
  assert.deepEqual([act?.action, act?.detail], ['registry.version.revoke', { reason: 'poisoned data', champion: first.version }]);
  assert.equal(await champion(), first.version);
  const { reason } = (await registry.deployments(MODEL)).at(-1) ?? {};
  assert.equal(reason, `version ${third.version} was revoked: poisoned data`);
  assert.deepEqual([(await unit(third.unitId)).revoked, (await unit(third.unitId)).state], [true, 'revoked']);
  await assert.rejects(registry.revoke(MODEL, third.version, 'olga', 'again'), refused('MR_REGISTRY_REVOKED', 'state'));
  await assert.rejects(registry.promote(MODEL, third.version, 'olga', 'x'), refused('MR_REGISTRY_REVOKED', 'state'));
  await assert.rejects(registry.approve(MODEL, third.version, 'pia'), refused('MR_REGISTRY_REVOKED', 'state'));
  assert.ok(read(await write()).models[MODEL]?.formerChampions.includes(third.version));
});

test('a file that is not the pinned one is refused', async () => {
  const bytes = await write();
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.throws(() => read(bytes, { digest }), refused('MR_REGISTRY_SNAPSHOT_DIGEST', 'digest'));
});

test('any changed value is refused, also where its digest was pinned along', async () => {
  const text = (await write()).toString('utf8');
  const places = [...text.matchAll(/true|false|\d+|[0-9a-f]{64}/g)].filter(({ index }) => index < text.indexOf('"signature"'));
  fc.assert(
    fc.property(fc.constantFrom(...places), ({ 0: found, index }) => {
      const other = found === 'true' ? 'false' : found === 'false' ? 'true' : found.replace(/^./, (c) => (c === '1' ? '2' : '1'));
      const changed = Buffer.from(text.slice(0, index) + other + text.slice(index + found.length));
      assert.throws(() => read(changed), /MR_|signed|read|changed|another key|written at/);
    }),
  );
});

test('another key, no key, no JSON and another format are refused', async () => {
  const bytes = await write();
  const other = await openEmbeddedKeys(join(mkdtempSync(join(tmpdir(), 'millrace-snapshot-')), 'keys'));
  const foreign = { verifyKey: await other.verifyKey() };
  assert.throws(() => read(bytes, foreign), refused('MR_REGISTRY_SNAPSHOT_SIGNATURE', 'keyId'));
  await other.close();
  assert.throws(() => read(bytes, { verifyKey: 'no key' }), refused('MR_REGISTRY_SNAPSHOT_SIGNATURE', 'verifyKey'));
  assert.throws(() => read(Buffer.from('{')), refused('MR_REGISTRY_SNAPSHOT_UNREADABLE', 'snapshot'));
  assert.throws(() => read(Buffer.from('null')), refused('MR_REGISTRY_SNAPSHOT_UNREADABLE', 'format'));
  assert.throws(() => read(Buffer.from('{"format":"x/9"}')), refused('MR_REGISTRY_SNAPSHOT_UNREADABLE', 'format'));
});

test('a snapshot too old, or from the future, is refused', async () => {
  const bytes = await write();
  const now = fixture.clock.now();
  assert.ok(read(bytes, { now: now + 30 * DAY }));
  assert.throws(() => read(bytes, { now: now + 30 * DAY + 1 }), refused('MR_REGISTRY_SNAPSHOT_STALE', 'at'));
  assert.throws(() => read(bytes, { now: now + 2 * DAY, maxAge: DAY }), refused('MR_REGISTRY_SNAPSHOT_STALE', 'at'));
  assert.throws(() => read(bytes, { now: now - DAY }), refused('MR_REGISTRY_SNAPSHOT_STALE', 'at'));
});
