import { generateKeyPairSync, sign } from 'node:crypto';
import type { GateSigner } from '../../app/governance/keys/gate-signer.ts';
import { keyIdOf } from '../../app/governance/keys/signing-keys.ts';

/** A new key of the gate, as KMS signs: nobody else has the private half. */
export function signerOf(): GateSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    sign: async (bytes) => ({ keyId: keyIdOf(publicKey), value: sign(null, bytes, privateKey).toString('base64') }),
    verifyKey: async () => String(publicKey.export({ type: 'spki', format: 'pem' })),
    close: () => undefined,
  };
}
