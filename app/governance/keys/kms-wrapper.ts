import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { governanceError } from '../errors.ts';
import { type KmsKey, type KmsOptions, kmsFault, openKmsClient } from './kms-client.ts';
import type { KeyWrapper } from './wrapper.ts';

/** Bound into what is wrapped, and to the right to ask: what else is under the key opens nothing here. */
export const WRAPPED_AS = { millrace: 'master-key' } as const;
/** KMS takes no more to open. */
const MOST_BYTES = 6_144;

/**
 * Wraps under a key that never leaves KMS. The identity needs `kms:Encrypt` and `kms:Decrypt` on it, and no more.
 * @throws MR_GOVERNANCE_KEYS_DENIED, MR_GOVERNANCE_KEYS_UNREACHABLE, MR_GOVERNANCE_KEYS_DISABLED, MR_GOVERNANCE_KEYS_UNFIT from each call
 */
export function openKmsWrapper(options: KmsOptions): KeyWrapper {
  const client = openKmsClient(options);
  const { keyId } = options;
  const key: KmsKey = { setting: 'MILLRACE_KEYS_KMS_KEY', keyId };
  // The key by name: to open something, KMS would else take any that the ciphertext itself names.
  const asked = { KeyId: keyId, EncryptionContext: WRAPPED_AS };
  const failed = (error: unknown): never => {
    throw kmsFault(error, key);
  };
  return {
    async wrap(plain) {
      const { CiphertextBlob } = await client.send(new EncryptCommand({ ...asked, Plaintext: plain })).catch(failed);
      return Buffer.from(CiphertextBlob ?? []);
    },
    async unwrap(wrapped) {
      if (wrapped.length === 0 || wrapped.length > MOST_BYTES) {
        throw governanceError(
          'MR_GOVERNANCE_KEYS_UNREADABLE',
          `a wrapped master key of ${wrapped.length} bytes is none of KMS's`,
          {
            field: key.setting,
            value: keyId,
            expected: `1 to ${MOST_BYTES} bytes`,
          },
        );
      }
      const { Plaintext } = await client.send(new DecryptCommand({ ...asked, CiphertextBlob: wrapped })).catch(failed);
      return Buffer.from(Plaintext ?? []);
    },
    close: () => client.destroy(),
  };
}
