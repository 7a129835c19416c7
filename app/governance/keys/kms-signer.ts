import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { governanceError } from '../errors.ts';
import type { GateSigner } from './gate-signer.ts';
import { type KmsKey, type KmsOptions, kmsFault, openKmsClient } from './kms-client.ts';
import { keyIdOf } from './signing-keys.ts';

/** KMS signs no more at once; of Ed25519 it takes the message itself, and its pre-hashed kind is another signature. */
const MOST_BYTES = 4_096;

/**
 * Signs with a key whose private half never leaves KMS. The identity needs `kms:Sign` and `kms:GetPublicKey` on it, and no more.
 * @throws MR_GOVERNANCE_KEYS_DENIED, MR_GOVERNANCE_KEYS_UNREACHABLE, MR_GOVERNANCE_KEYS_DISABLED, MR_GOVERNANCE_KEYS_UNFIT from each call
 */
export function openKmsSigner(options: KmsOptions): GateSigner {
  const client = openKmsClient(options);
  const { keyId } = options;
  const key: KmsKey = { setting: 'MILLRACE_KEYS_SIGNING_KMS_KEY', keyId };
  const ask = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw kmsFault(error, key);
    });
  const unfit = (message: string, value?: string) =>
    governanceError('MR_GOVERNANCE_KEYS_UNFIT', `${keyId}: ${message}`, {
      field: key.setting,
      value: value ?? keyId,
      expected: 'an Ed25519 pair (ECC_NIST_EDWARDS25519) that signs',
    });

  const fetched = async (): Promise<KeyObject> => {
    const { PublicKey, KeySpec, KeyUsage } = await ask(client.send(new GetPublicKeyCommand({ KeyId: keyId })));
    const found = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    if (found.asymmetricKeyType === 'ed25519' && KeyUsage === 'SIGN_VERIFY') return found;
    throw unfit(`it is a key of ${KeySpec} for ${KeyUsage}`, KeySpec);
  };
  let known: Promise<KeyObject> | undefined;
  const publicKey = (): Promise<KeyObject> => {
    known ??= fetched().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };

  return {
    async sign(bytes) {
      if (bytes.length === 0 || bytes.length > MOST_BYTES) {
        throw governanceError('MR_GOVERNANCE_KEYS_MESSAGE_SIZE', `${bytes.length} bytes were to be signed by KMS`, {
          value: bytes.length,
          expected: `1 to ${MOST_BYTES} bytes`,
        });
      }
      const open = await publicKey();
      const asked = { KeyId: keyId, Message: bytes, MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' } as const;
      const value = Buffer.from((await ask(client.send(new SignCommand(asked)))).Signature ?? []);
      if (!verify(null, bytes, open, value)) {
        // An alias may lead to another key by now: the next call asks which.
        known = undefined;
        throw unfit('its signature does not hold under its own public key');
      }
      return { keyId: keyIdOf(open), value: value.toString('base64') };
    },
    verifyKey: async () => String((await publicKey()).export({ type: 'spki', format: 'pem' })),
    close: () => client.destroy(),
  };
}
