import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Provider } from '@pulumi/kubernetes';
import { parse } from 'yaml';
import { canonicalJson } from '../../app/canonical.ts';
import { HOUR } from '../../app/clock/port.ts';
import { viewHash } from '../../app/features/view-hash.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { snapshotDigest } from '../../app/registry/snapshot.ts';
import { writeSnapshot } from '../../app/registry/write-snapshot.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { register } from '../../constructs/bridge/register.ts';
import type { Dials } from '../../constructs/dials.ts';
import { environmentOf } from '../../constructs/environment.ts';
import { readDials } from '../../constructs/environments.ts';
import { deploy } from '../../stacks/program.ts';
import { type Fixture, handClock, MODEL, openFixture } from '../registry/fixture.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Engine, openEngine } from './engine.ts';
import { toolFolder } from './tools.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-models-'));
const stacks = join(dir, 'stacks');
const SNAPSHOT = join(dir, 'registry.json');
const KEY = join(dir, 'verify-key.pem');
const clock = handClock(Date.now() * 1_000 - HOUR);
let plane: ControlPlane;
let engine: Engine;
let dials: Dials;
let retail: UseCase;
let fixture: Fixture;
let keys: KeyStore;
let registry: Registry;
let released: { readonly version: number; readonly unitId: string };

before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false });
  const env = { MILLRACE_STACKS: stacks };
  engine = await openEngine({ bin, dir: join(dir, 'engine'), kubeconfig: plane.kubeconfig, env });
  dials = await readDials('dev');
  retail = await loadUseCase('retail');
  mkdirSync(stacks);
  fixture = await openFixture();
  keys = await openEmbeddedKeys(join(dir, 'keys'));
  registry = openRegistry({ ...fixture, keys, clock });
  released = await release();
});
after(async () => {
  await keys?.close();
  await fixture?.close();
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const CHECKS = [
  { name: 'floor.recallAt20', passed: true, measured: 0.3, limit: 0.02 },
  { name: 'segment.light', passed: true, measured: 0.1, limit: 0.005 },
  { name: 'onnx', passed: true, measured: 'MatMul', limit: 'known operators' },
  { name: 'adversarial', passed: true, measured: 1.4, limit: 3 },
  { name: 'extraction', passed: true, measured: 0.4, limit: 0.75 },
];

/** A release that the gate passed in the very image of the dials, and somebody else than its author approved. */
async function release(): Promise<typeof released> {
  const interval = { value: 0.2, low: 0.1, high: 0.3 };
  const manifest = await fixture.release({
    featureViews: Object.fromEntries(retail.views.map((view) => [view.name, viewHash(view)])),
    metrics: { users: 9, metrics: { ndcgAt20: interval }, segments: { light: { users: 9, metrics: { ndcgAt20: interval } } } },
  });
  const { version, unitId } = await registry.register(manifest, 'workload:trainer');
  const head = { kind: 'verdict', model: MODEL, version, unitId, verdict: 'passed', approval: 'other-person' };
  const imageDigest = dials.image.slice(dials.image.indexOf('@') + 1);
  const evidence = canonicalJson({ ...head, imageDigest, judgedAt: clock.now(), checks: CHECKS, notJudged: [] });
  await registry.recordVerdict('workload:gate', { evidence, signature: await keys.sign(Buffer.from(evidence)) });
  await registry.approve(MODEL, version, 'olga');
  await registry.promote(MODEL, version, 'olga', 'test');
  return { version, unitId };
}

/** Writes what the stack's file says of the registry: the snapshot as it is now, unless told otherwise. */
async function pin(change: { readonly bytes?: Buffer; readonly digest?: string } = {}): Promise<void> {
  const bytes = change.bytes ?? (await writeSnapshot(registry, [MODEL], keys, clock));
  writeFileSync(SNAPSHOT, bytes);
  writeFileSync(KEY, await keys.verifyKey());
  settle({ snapshot: SNAPSHOT, digest: change.digest ?? snapshotDigest(bytes), verifyKey: KEY, maxAgeDays: 30 });
}

function settle(pinned: object | 'none'): void {
  const file = join(import.meta.dirname, '../../stacks/Pulumi.dev.yaml');
  const { config } = parse(readFileSync(file, 'utf8')) as { config: Record<string, object> };
  const policies = { ...config['millrace:policies'], registry: pinned };
  writeFileSync(join(stacks, 'Pulumi.dev.yaml'), JSON.stringify({ config: { 'millrace:policies': policies } }));
}

/** What the engine prints where the pack refuses; undefined where it passes. */
async function preview(what: 'everything' | 'serving'): Promise<string | undefined> {
  const wanted: Dials = { ...dials, releases: { [retail.name]: released.unitId } };
  const stack = await engine.open({
    project: 'millrace',
    stack: 'dev',
    program: async () => {
      if (what === 'everything') return void deploy(wanted, [retail]);
      const charts = environmentOf(wanted, [retail]).usecases.get(retail.name) ?? [];
      const provider = new Provider('cluster', { enableServerSideApply: true });
      for (const chart of charts.filter(({ node }) => node.path.endsWith('-serving'))) register(chart, { provider });
    },
  });
  try {
    await stack.preview({ policyPacks: [join(import.meta.dirname, '../../policies')] });
    return undefined;
  } catch (error) {
    return String((error as Error).message);
  }
}

/** The preview fails by the rule on releases, and its reason is given. */
async function refused(reason: RegExp): Promise<void> {
  const said = (await preview('serving')) ?? 'nothing was refused';
  assert.match(said, /\[mandatory\].*serving-release-approved|serving-release-approved.*\[mandatory\]/i, said.slice(0, 3_000));
  assert.match(said, reason, said.slice(0, 3_000));
}

test('a release that was gated, approved and signed passes the preview of the whole stack', async () => {
  await pin();
  assert.equal(await preview('everything'), undefined);
});

test('what cannot be trusted or known is refused with its reason', async () => {
  settle('none');
  await refused(/names no snapshot of the registry/);
  await pin();
  rmSync(SNAPSHOT);
  await refused(/the snapshot .*registry\.json cannot be read/);
});

test('a snapshot that was changed is refused, though its pin was changed along', async () => {
  const good = await writeSnapshot(registry, [MODEL], keys, clock);
  const forged = Buffer.from(good.toString('utf8').replace('"author":"workload:trainer"', '"author":"workload:nobody"'));
  assert.notDeepEqual(forged, good);
  await pin({ bytes: forged, digest: snapshotDigest(good) });
  await refused(/MR_REGISTRY_SNAPSHOT_DIGEST/);
  await pin({ bytes: forged });
  await refused(/MR_REGISTRY_SNAPSHOT_SIGNATURE/);
});

test('a release that was revoked since is refused', async () => {
  await registry.revoke(MODEL, released.version, 'olga', 'poisoned data');
  await pin();
  await refused(/version 1, revoked/);
});
