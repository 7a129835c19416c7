import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { canonicalJson } from '../../app/canonical.ts';
import { DAY } from '../../app/clock/port.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { snapshotDigest } from '../../app/registry/snapshot.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { RULES } from '../../policies/catalogue.ts';
import { contextOf } from '../../policies/context.ts';
import { ACTIVITY_HASH, TASTE_HASH } from '../../policies/data-samples.ts';
import { judgeStack } from '../../policies/judge.ts';
import { releasedAs } from '../../policies/model-samples.ts';
import { IMAGE } from '../../policies/samples.ts';
import { type Fixture, handClock, MODEL, openFixture } from '../registry/fixture.ts';
import { NOW } from './fixtures.ts';

const CHECKS = [
  { name: 'floor.recallAt20', passed: true, measured: 0.3, limit: 0.02 },
  { name: 'segment.light', passed: true, measured: 0.1, limit: 0.005 },
  { name: 'onnx', passed: true, measured: 'MatMul', limit: 'known operators' },
  { name: 'adversarial', passed: true, measured: 1.4, limit: 3 },
  { name: 'extraction', passed: true, measured: 0.4, limit: 0.75 },
];
const FILE = 'registry.json';

let fixture: Fixture;
let keys: KeyStore;
let registry: Registry;
let folder: string;
const clock = handClock(NOW.getTime() * 1_000 - DAY);
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-preview-'));
  fixture = await openFixture();
  keys = await openEmbeddedKeys(join(folder, 'keys'));
  registry = openRegistry({ ...fixture, keys, clock });
});
after(async () => {
  await keys.close();
  await fixture.close();
  rmSync(folder, { recursive: true });
});

/** A release that the gate passed in the image of the samples, and someone approved. */
async function approved(): Promise<{ version: number; unitId: string }> {
  const featureViews = { user_activity: ACTIVITY_HASH, user_taste: TASTE_HASH };
  const interval = { value: 0.2, low: 0.1, high: 0.3 };
  const manifest = await fixture.release({
    featureViews,
    metrics: { users: 9, metrics: { ndcgAt20: interval }, segments: { light: { users: 9, metrics: { ndcgAt20: interval } } } },
  });
  const { version, unitId } = await registry.register(manifest, 'workload:trainer');
  const head = { kind: 'verdict', model: MODEL, version, unitId, verdict: 'passed', approval: 'other-person' };
  const imageDigest = IMAGE.slice(IMAGE.indexOf('@') + 1);
  const evidence = canonicalJson({ ...head, imageDigest, judgedAt: clock.now(), checks: CHECKS, notJudged: [] });
  await registry.recordVerdict('workload:gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
  await registry.approve(MODEL, version, 'olga');
  return { version, unitId };
}

/** Writes the snapshot and its key as files, and pins it. */
async function pin() {
  const bytes = await writeSnapshot(registry, [MODEL], keys, clock);
  writeFileSync(join(folder, FILE), bytes);
  writeFileSync(join(folder, 'verify-key.pem'), await keys.verifyKey());
  return { snapshot: FILE, digest: snapshotDigest(bytes), verifyKey: 'verify-key.pem', maxAgeDays: 30 };
}

/** What the whole pack says of a deployment of the unit, as the engine would start it. */
function preview(unitId: string, pinned: object | 'none', now = NOW): readonly string[] {
  const context = contextOf({ stack: 'prod', policies: { registry: pinned } }, now, folder);
  return judgeStack(RULES, releasedAs(unitId), context).map(({ message }) => message);
}

const refuses = (messages: readonly string[], reason: RegExp) => {
  assert.ok(messages.length > 0, 'nothing was refused');
  assert.ok(
    messages.every((message) => message.startsWith('M02') && reason.test(message)),
    messages.join('\n'),
  );
};

test('a preview admits a release that the registry approved', async () => {
  const { unitId } = await approved();
  assert.deepEqual(preview(unitId, await pin()), []);
});

test('a preview refuses a release that was revoked since, once its snapshot is pinned', async () => {
  const { version, unitId } = await approved();
  await registry.promote(MODEL, version, 'olga', 'test');
  assert.deepEqual(preview(unitId, await pin()), []);
  await registry.revoke(MODEL, version, 'olga', 'poisoned data');
  refuses(preview(unitId, await pin()), /revoked/);
});

test('a preview refuses a release that is only registered', async () => {
  const { unitId } = await registry.register(
    await fixture.release({ featureViews: { user_activity: ACTIVITY_HASH, user_taste: TASTE_HASH } }),
    'ann',
  );
  const messages = preview(unitId, await pin());
  assert.ok(
    messages.some((message) => /M02 .*never judged/.test(message)),
    messages.join('\n'),
  );
});

test('a preview refuses what it cannot trust, each with the reason', async () => {
  const { unitId } = await approved();
  const pinned = await pin();
  const good = readFileSync(join(folder, FILE));

  const forged = Buffer.from(good.toString('utf8').replace('"revoked":true', '"revoked":false'));
  assert.notDeepEqual(forged, good);
  writeFileSync(join(folder, FILE), forged);
  refuses(preview(unitId, pinned), /MR_REGISTRY_SNAPSHOT_DIGEST.*not the pinned one/);
  refuses(preview(unitId, { ...pinned, digest: snapshotDigest(forged) }), /MR_REGISTRY_SNAPSHOT_SIGNATURE.*changed after/);
  writeFileSync(join(folder, FILE), good);

  refuses(preview(unitId, { ...pinned, snapshot: 'gone.json' }), /snapshot gone\.json cannot be read/);
  refuses(preview(unitId, { ...pinned, verifyKey: 'gone.pem' }), /verify key gone\.pem cannot be read/);
  const later = new Date(NOW.getTime() + (40 * DAY) / 1_000);
  refuses(preview(unitId, { ...pinned, maxAgeDays: 7 }, later), /MR_REGISTRY_SNAPSHOT_STALE/);
  refuses(preview('5'.repeat(64), pinned), /knows no such unit/);
  refuses(preview(unitId, 'none'), /names no snapshot/);
  assert.deepEqual(preview(unitId, pinned), []);
});
