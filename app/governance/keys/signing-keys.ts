import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { governanceError } from '../errors.ts';
import { readIfThere, readOrMake, syncFolder, writeDurably } from './folder.ts';
import type { Signature } from './port.ts';

export interface SigningKeys {
  sign(bytes: Buffer): Promise<Signature>;
  /** With the key the signature names, which may be one that was retired. False for a key that is not held here. */
  verify(bytes: Buffer, signature: Signature): Promise<boolean>;
  /** Public half of the current key, PEM. */
  verifyKey(): Promise<string>;
  /** Makes a new key the current one; what the old ones signed stays verifiable. Resolves to the new key's id. */
  rotate(): Promise<string>;
}

const CURRENT = 'signing.current';
const fileOf = (keyId: string): string => `signing-${keyId}.pem`;

/** First 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** Ed25519 keys (RFC 8032) as PEM files in the key folder; `signing.current` names the one that signs. */
export function openSigningKeys(dir: string): SigningKeys {
  const pairs = new Map<string, { readonly secret: KeyObject; readonly open: KeyObject }>();

  const load = (keyId: string) => {
    const known = pairs.get(keyId);
    if (known !== undefined || !/^[0-9a-f]{16}$/.test(keyId)) return known;
    const pem = readIfThere(join(dir, fileOf(keyId)));
    if (pem === undefined) return undefined;
    const secret = createPrivateKey(pem);
    const pair = { secret, open: createPublicKey(secret) };
    if (keyIdOf(pair.open) !== keyId) {
      throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `${fileOf(keyId)} holds the key ${keyIdOf(pair.open)}`, {
        field: fileOf(keyId),
        expected: keyId,
      });
    }
    pairs.set(keyId, pair);
    return pair;
  };

  const make = (): string => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const keyId = keyIdOf(publicKey);
    writeDurably(join(dir, fileOf(keyId)), Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    return keyId;
  };

  const currentId = (): string =>
    readOrMake(dir, CURRENT, () => Buffer.from(make()))
      .toString('utf8')
      .trim();
  const current = currentId();
  if (load(current) === undefined) {
    throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `${CURRENT} names the key ${current}, which is not there`, {
      field: join(dir, fileOf(current)),
      expected: 'a PEM file with an Ed25519 private key',
    });
  }

  const currentPair = () => {
    const keyId = currentId();
    const pair = load(keyId);
    if (pair !== undefined) return { keyId, ...pair };
    throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `the signing key ${keyId} is not there`, { field: fileOf(keyId) });
  };

  return {
    async sign(bytes) {
      const { keyId, secret } = currentPair();
      return { keyId, value: sign(null, bytes, secret).toString('base64') };
    },
    async verify(bytes, signature) {
      const pair = load(signature.keyId);
      return pair !== undefined && verify(null, bytes, pair.open, Buffer.from(signature.value, 'base64'));
    },
    verifyKey: async () => String(currentPair().open.export({ type: 'spki', format: 'pem' })),
    async rotate() {
      const keyId = make();
      writeDurably(join(dir, `${CURRENT}.${keyId}.new`), Buffer.from(keyId));
      renameSync(join(dir, `${CURRENT}.${keyId}.new`), join(dir, CURRENT));
      syncFolder(dir);
      return keyId;
    },
  };
}
