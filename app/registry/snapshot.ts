import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import { DAY, MINUTE, type Micros } from '../clock/port.ts';
import type { Signature } from '../governance/keys/port.ts';
import { sha256 } from './digest.ts';
import { registryError } from './errors.ts';
import type { VersionState } from './metadata/tables.ts';
import type { Evaluation, FileDigest } from './release.ts';

export const SNAPSHOT_FORMAT = 'millrace.registry-snapshot/1';

/** What a deployment must know of the registry: a signed file that previews read, with no way to the registry itself. */
export interface RegistrySnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  /** When it was written. */
  readonly at: Micros;
  /** Id of the key it is signed with: first 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  readonly models: Readonly<Record<string, ModelSnapshot>>;
}

export interface ModelSnapshot {
  readonly champion: number | null;
  readonly challenger: number | null;
  /** Versions that were champion before, newest first. */
  readonly formerChampions: readonly number[];
  /** Newest first. */
  readonly versions: readonly UnitSnapshot[];
}

/** One release unit. */
export interface UnitSnapshot {
  readonly usecase: string;
  readonly model: string;
  readonly version: number;
  readonly unitId: string;
  readonly state: VersionState;
  readonly revoked: boolean;
  readonly author: string;
  /** The manifest is that of the unit id, and its signature holds. */
  readonly signed: boolean;
  /** Every file is in the object store, byte by byte as released. */
  readonly whole: boolean;
  readonly files: Readonly<Record<string, FileDigest>>;
  /** The model card is there and says something. */
  readonly card: boolean;
  readonly featureViews: Readonly<Record<string, string>>;
  readonly schemaHash: string;
  readonly metrics: Evaluation;
  readonly thresholds: Readonly<Record<string, number>>;
  /** Newest verdict; null where it was never judged. */
  readonly gate: GateSnapshot | null;
  readonly approvals: readonly ApprovalSnapshot[];
  /** Digest of the image that it was gated with; `none` where the gate ran outside of one, as on a laptop. */
  readonly imageDigest: string;
  /** Newest run of the attacks; null where none ran. */
  readonly robustness: { readonly at: Micros; readonly passed: boolean; readonly tried: readonly string[] } | null;
  /** What the unit is made of. */
  readonly bom: BomSnapshot;
}

export interface GateSnapshot {
  readonly at: Micros;
  readonly passed: boolean;
  /** The verdict's signature holds and it is about this unit. */
  readonly signed: boolean;
  readonly checks: readonly GateCheckSnapshot[];
  /** Checks that could not be made. */
  readonly notJudged: readonly string[];
}

export interface GateCheckSnapshot {
  readonly name: string;
  readonly passed: boolean;
  readonly measured: number | string | null;
  readonly limit: number | string | null;
}

export interface ApprovalSnapshot {
  readonly approver: string;
  readonly at: Micros;
  readonly signed: boolean;
  /** By someone who may approve: another than the author, unless the use case lets its own laptop sign. */
  readonly counts: boolean;
}

export interface BomSnapshot {
  /** SHA-256 of the model card. */
  readonly card: string;
  readonly dataSets: readonly { readonly table: string; readonly version: number }[];
  readonly queryHash: string;
  readonly trainer: string;
  readonly codeCommit: string;
  /** Models that it was made from; a trainer that starts from nothing has none. */
  readonly baseModels: readonly { readonly name: string; readonly sha256: string; readonly licence: string }[];
}

export interface ReadOptions {
  /** `sha256:…` of the file, as it was pinned. */
  readonly digest: string;
  /** Public key (PEM) that the snapshot must be signed with. */
  readonly verifyKey: string;
  readonly now: Micros;
  /** @default 30 days */
  readonly maxAge?: Micros;
}

/** How far a snapshot's clock may be ahead. */
const AHEAD = 5 * MINUTE;

/** What a pin holds. */
export const snapshotDigest = (bytes: Buffer): string => `sha256:${sha256(bytes)}`;

/** What the signature of a snapshot covers. */
export const snapshotText = (snapshot: RegistrySnapshot): string => canonicalJson(snapshot);

/**
 * Reads a snapshot that is the pinned one, signed by the key, and not too old.
 * @throws MR_REGISTRY_SNAPSHOT_DIGEST, MR_REGISTRY_SNAPSHOT_UNREADABLE, MR_REGISTRY_SNAPSHOT_SIGNATURE, MR_REGISTRY_SNAPSHOT_STALE
 */
export function readSnapshot(bytes: Buffer, { digest, verifyKey, now, maxAge = 30 * DAY }: ReadOptions): RegistrySnapshot {
  const found = snapshotDigest(bytes);
  if (found !== digest)
    throw registryError('MR_REGISTRY_SNAPSHOT_DIGEST', 'the snapshot is not the pinned one', {
      field: 'digest',
      value: found,
      expected: digest,
    });
  const { signature, ...snapshot } = parse(bytes);
  const key = publicKey(verifyKey);
  const keyId = keyIdOf(key);
  if (snapshot.keyId !== keyId || signature.keyId !== keyId)
    throw registryError('MR_REGISTRY_SNAPSHOT_SIGNATURE', 'the snapshot was signed with another key', {
      field: 'keyId',
      value: signature.keyId,
      expected: keyId,
    });
  if (!verify(null, Buffer.from(snapshotText(snapshot)), key, Buffer.from(signature.value, 'base64')))
    throw registryError('MR_REGISTRY_SNAPSHOT_SIGNATURE', 'the snapshot was changed after it was signed', {
      field: 'signature',
      value: `key ${signature.keyId}`,
      expected: 'an Ed25519 signature over the rest of the file',
    });
  if (now - snapshot.at > maxAge || snapshot.at - now > AHEAD)
    throw registryError(
      'MR_REGISTRY_SNAPSHOT_STALE',
      `the snapshot was written at ${new Date(snapshot.at / 1000).toISOString()}`,
      {
        field: 'at',
        value: snapshot.at,
        expected: `within the ${Math.round(maxAge / DAY)} days before ${new Date(now / 1000).toISOString()}`,
      },
    );
  return snapshot;
}

function parse(bytes: Buffer): RegistrySnapshot & { readonly signature: Signature } {
  const refuse = (field: string, value: unknown, expected: string, cause?: unknown) =>
    registryError('MR_REGISTRY_SNAPSHOT_UNREADABLE', 'the snapshot cannot be read', { field, value, expected, cause });
  let read: Partial<RegistrySnapshot & { signature: Signature }> | null;
  try {
    read = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw refuse('snapshot', `${bytes.length} bytes`, 'JSON', cause);
  }
  if (typeof read !== 'object' || read?.format !== SNAPSHOT_FORMAT) throw refuse('format', read?.format ?? null, SNAPSHOT_FORMAT);
  if (typeof read.signature?.value !== 'string') throw refuse('signature', null, 'a key id and a signature');
  if (typeof read.at !== 'number' || typeof read.models !== 'object') throw refuse('models', null, 'a time and models');
  return read as RegistrySnapshot & { readonly signature: Signature };
}

function publicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw registryError('MR_REGISTRY_SNAPSHOT_SIGNATURE', 'the verify key is no public key', {
      field: 'verifyKey',
      expected: 'an Ed25519 public key, PEM',
      cause,
    });
  }
}

const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

/** The unit of that id. */
export function unitOf({ models }: RegistrySnapshot, unitId: string): UnitSnapshot | undefined {
  for (const { versions } of Object.values(models)) {
    const found = versions.find((version) => version.unitId === unitId);
    if (found !== undefined) return found;
  }
  return undefined;
}
