import { type CipherKey, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { governanceError } from '../errors.ts';

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

/** Bytes that sealing adds: version, nonce, tag. */
export const BOX_OVERHEAD = 1 + NONCE + TAG;

/** AES-256-GCM (NIST SP 800-38D): `version(1) | nonce(12) | ciphertext | tag(16)`, bound to `context`, which is not stored. */
export function lock(key: CipherKey, plain: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final()]);
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

/** @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN where a byte, the key or the context is not the one it was sealed with */
export function unlock(key: CipherKey, sealed: Buffer, context: string): Buffer {
  if (sealed.length < BOX_OVERHEAD || sealed[0] !== VERSION) {
    throw governanceError(
      'MR_GOVERNANCE_CIPHERTEXT_BROKEN',
      `${sealed.length} sealed bytes do not begin as a box of version ${VERSION}`,
      {
        expected: `version ${VERSION} and at least ${BOX_OVERHEAD} bytes`,
      },
    );
  }
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE, sealed.length - TAG)), decipher.final()]);
  } catch (cause) {
    throw governanceError('MR_GOVERNANCE_CIPHERTEXT_BROKEN', 'sealed bytes fail their authentication tag', { cause });
  }
}
