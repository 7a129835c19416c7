import { createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';
import type { GateSigner } from './gate-signer.ts';
import { secretTextOf } from './mounted-secret.ts';
import { keyIdOf } from './signing-keys.ts';

/** What comes before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Signs with the Ed25519 key that HKDF-SHA256 (RFC 5869) makes of the text in a file, e.g. of a Secret that the gate alone
 * may read. The file is read anew each time: a new text is a new key.
 * @throws MR_GOVERNANCE_KEYS_MASTER_UNFIT from each call where the file cannot be read or holds too little
 */
export function openMountedSigner(file: string): GateSigner {
  const pair = async () => {
    const text = await secretTextOf(file, 'MILLRACE_KEYS_SIGNING_FILE');
    const seed = Buffer.from(hkdfSync('sha256', text, '', 'millrace gate signing', 32));
    const secret = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
    return { secret, open: createPublicKey(secret) };
  };
  return {
    async sign(bytes) {
      const { secret, open } = await pair();
      return { keyId: keyIdOf(open), value: sign(null, bytes, secret).toString('base64') };
    },
    verifyKey: async () => String((await pair()).open.export({ type: 'spki', format: 'pem' })),
    close() {},
  };
}
