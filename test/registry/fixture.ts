import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../app/canonical.ts';
import type { Clock, Micros } from '../../app/clock/port.ts';
import type { AuditAct, AuditSink } from '../../app/governance/audit-sink/port.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { sha256 } from '../../app/registry/digest.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import type { Evaluation, ReleaseFile, ReleaseManifest } from '../../app/registry/release.ts';
import type { EvidenceHead, SignedEvidence } from '../../app/registry/sign-off.ts';
import type { Version } from '../../app/registry/version.ts';
import { openMetadata } from './ground.ts';

/** An Ed25519 key pair that lives as long as the test, as the part of the key store that signs. */
export function signingKeys(): KeyStore {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const part: Pick<KeyStore, 'sign' | 'verify'> = {
    sign: async (bytes) => ({ keyId: 'test', value: sign(null, bytes, privateKey).toString('base64') }),
    verify: async (bytes, { value }) => verify(null, bytes, publicKey, Buffer.from(value, 'base64')),
  };
  return part as KeyStore;
}

/** Keeps the acts in memory; `fail` makes the next append break, as a full disk would. */
export function memoryAudit(): AuditSink & { readonly acts: AuditAct[]; fail: boolean } {
  const acts: AuditAct[] = [];
  return {
    acts,
    fail: false,
    async append(act) {
      if (this.fail && act.outcome === 'allowed') throw new Error('the audit log is full');
      acts.push(act);
      return { ...act, index: acts.length - 1, at: 0, leaf: '' };
    },
    read: async () => [],
    size: async () => acts.length,
    verify: async () => ({ verified: true, size: acts.length, root: '' }),
    close: async () => undefined,
  };
}

/** A clock that a test sets. */
export const handClock = (start: Micros = 1_767_225_600_000_000): Clock & { time: Micros } => ({
  time: start,
  now() {
    return this.time;
  },
});

const evaluation: Evaluation = {
  users: 100,
  metrics: { ndcgAt20: { value: 0.2, low: 0.18, high: 0.22 }, recallAt20: { value: 0.3, low: 0.28, high: 0.32 } },
  segments: {},
};

export const MODEL = 'retail-recommender';

export interface Fixture {
  readonly registry: Registry;
  readonly keys: KeyStore;
  readonly audit: ReturnType<typeof memoryAudit>;
  readonly clock: ReturnType<typeof handClock>;
  readonly objects: Awaited<ReturnType<typeof openEmbeddedObjects>>;
  readonly metadata: Metadata;
  /** Writes the files of a release that no other has and returns its manifest. */
  release(change?: Partial<ReleaseManifest>): Promise<ReleaseManifest>;
  /** Signed evidence about a version. */
  evidence(version: { version: number; unitId: string }, change?: Partial<EvidenceHead>): Promise<SignedEvidence>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-registry-'));
  const objects = await openEmbeddedObjects(join(folder, 'objects'));
  const metadata = await openMetadata(folder);
  const keys = signingKeys();
  const audit = memoryAudit();
  const clock = handClock();
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  let made = 0;
  return {
    registry,
    keys,
    audit,
    clock,
    objects,
    metadata,
    async release(change = {}) {
      made += 1;
      const prefix = `releases/${MODEL}/${sha256(`contents ${made}`)}/`;
      const files = {} as Record<ReleaseFile, { sha256: string; bytes: number }>;
      for (const name of ['model.onnx', 'model.json', 'profile.json', 'card.md'] as const) {
        const body = Buffer.from(`${name} of release ${made}`);
        await objects.put(`${prefix}${name}`, body);
        files[name] = { sha256: sha256(body), bytes: body.length };
      }
      return { ...manifestOf(prefix, files, clock.now()), ...change };
    },
    async evidence({ version, unitId }, change = {}) {
      const head: EvidenceHead = {
        kind: 'verdict',
        model: MODEL,
        version,
        unitId,
        verdict: 'passed',
        approval: 'other-person',
        ...change,
      };
      const evidence = canonicalJson(head);
      return { evidence, signature: await keys.sign(Buffer.from(evidence)) };
    },
    close: () => metadata.close(),
  };
}

const manifestOf = (prefix: string, files: ReleaseManifest['files'], createdAt: Micros): ReleaseManifest => ({
  usecase: 'retail',
  model: MODEL,
  trainer: 'als',
  createdAt,
  prefix,
  files,
  inputs: ['user_taste.taste'],
  featureViews: { user_activity: 'a'.repeat(64) },
  schemaHash: 'b'.repeat(64),
  dataset: { tables: { 'retail.click': 7 }, queryHash: 'c'.repeat(64), until: createdAt, rows: 1000, note: undefined },
  parameters: { factors: 32, regularization: 0.1 },
  search: { trials: 6, folds: 3 },
  seed: 1,
  codeCommit: 'd'.repeat(40),
  metrics: evaluation,
  baseline: evaluation,
  thresholds: { 'gate.recallAt20': 0.02 },
});

/** A registered version that passed the gate. */
export async function gated(
  { registry, release, evidence }: Fixture,
  author = 'workload:trainer',
  approval: 'other-person' | 'local' = 'other-person',
): Promise<Version> {
  const version = await registry.register(await release(), author);
  await registry.recordVerdict('workload:gate', await evidence(version, { approval }));
  return version;
}
