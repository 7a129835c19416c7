import { canonicalJson } from '../canonical.ts';
import type { KeyStore, Signature } from '../governance/keys/port.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import { sha256 } from './digest.ts';
import { registryError } from './errors.ts';
import type { ReleaseFile, ReleaseManifest } from './release.ts';

/** A release unit's bytes, each checked against the signed manifest. */
export interface LoadedUnit {
  readonly manifest: ReleaseManifest;
  readonly files: Readonly<Record<ReleaseFile, Buffer>>;
}

export const RELEASE_FILES: readonly ReleaseFile[] = ['model.onnx', 'model.json', 'profile.json', 'card.md'];

/** Where a file of the unit lies in the object store. */
export const fileKey = (manifest: ReleaseManifest, file: string): string => `${manifest.prefix.replace(/\/+$/, '')}/${file}`;

/**
 * The manifest's canonical JSON; its SHA-256 is the unit id.
 * @throws MR_REGISTRY_MANIFEST_INVALID naming the field
 */
export function manifestText(manifest: ReleaseManifest): string {
  const refuse = (field: string, value: unknown, expected: string) =>
    registryError('MR_REGISTRY_MANIFEST_INVALID', `the release manifest's ${field} is not valid`, {
      field,
      value,
      expected,
    });
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(manifest.model))
    throw refuse('model', manifest.model, 'a name of a-z, 0-9, ., _ and -');
  const folder = `releases/${manifest.model}/`;
  if (!manifest.prefix.startsWith(folder) || !/^[A-Za-z0-9_-]+\/?$/.test(manifest.prefix.slice(folder.length)))
    throw refuse('prefix', manifest.prefix, `${folder}<contents>/`);
  const names = Object.keys(manifest.files).sort();
  if (names.join() !== [...RELEASE_FILES].sort().join()) throw refuse('files', names, RELEASE_FILES.join(', '));
  for (const [name, { sha256: digest }] of Object.entries(manifest.files))
    if (!/^[0-9a-f]{64}$/.test(digest)) throw refuse(`files.${name}.sha256`, digest, '64 lower-case hex digits');
  try {
    return canonicalJson(manifest);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw registryError('MR_REGISTRY_MANIFEST_INVALID', `the release manifest has no exact JSON: ${cause.message}`, {
      field: 'manifest',
      expected: 'finite numbers and well-formed text',
      cause,
    });
  }
}

/**
 * Reads every file of the unit and checks it against the manifest.
 * @throws MR_REGISTRY_FILE_MISSING, MR_REGISTRY_DIGEST_MISMATCH naming file, expected and found
 */
export async function readFiles(objects: ObjectStore, manifest: ReleaseManifest): Promise<LoadedUnit['files']> {
  const files: Partial<Record<ReleaseFile, Buffer>> = {};
  for (const file of RELEASE_FILES) {
    const key = fileKey(manifest, file);
    const named = manifest.files[file];
    if (!(await objects.has(key)))
      throw registryError('MR_REGISTRY_FILE_MISSING', `${key} is not in the object store`, {
        field: file,
        expected: `${named.bytes} bytes with SHA-256 ${named.sha256}`,
      });
    const body = await objects.get(key);
    const found = sha256(body);
    if (found !== named.sha256 || body.length !== named.bytes)
      throw registryError('MR_REGISTRY_DIGEST_MISMATCH', `${key} was changed after it was released`, {
        field: file,
        value: `${body.length} bytes with SHA-256 ${found}`,
        expected: `${named.bytes} bytes with SHA-256 ${named.sha256}`,
      });
    files[file] = body;
  }
  return files as LoadedUnit['files'];
}

/**
 * Checks that the stored manifest is the one that was signed under this unit id.
 * @throws MR_REGISTRY_DIGEST_MISMATCH, MR_REGISTRY_SIGNATURE_INVALID
 */
export async function checkManifest(
  keys: KeyStore,
  stored: { unitId: string; text: string; signature: Signature },
): Promise<void> {
  const found = sha256(stored.text);
  if (found !== stored.unitId)
    throw registryError('MR_REGISTRY_DIGEST_MISMATCH', 'the manifest is not the one of its unit id', {
      field: 'manifest',
      value: found,
      expected: stored.unitId,
    });
  await checkSigned(keys, 'manifest', stored.text, stored.signature);
}

/** @throws MR_REGISTRY_SIGNATURE_INVALID naming what was signed and the key */
export async function checkSigned(
  keys: KeyStore,
  what: 'manifest' | 'verdict' | 'approval',
  text: string,
  signature: Signature,
): Promise<void> {
  const holder = what === 'verdict' ? 'gate' : 'platform';
  if (await keys.verify(Buffer.from(text), signature, holder)) return;
  throw registryError('MR_REGISTRY_SIGNATURE_INVALID', `the signature of the ${what} does not hold`, {
    field: what,
    value: `key ${signature.keyId}`,
    expected: `an Ed25519 signature by the key of the ${holder} over the stored ${what}`,
  });
}
