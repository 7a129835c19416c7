import { hkdfSync } from 'node:crypto';
import { governanceError } from '../errors.ts';
import { lock, unlock } from './box.ts';
import { secretTextOf } from './mounted-secret.ts';
import type { KeyWrapper } from './wrapper.ts';

const SETTING = 'MILLRACE_KEYS_MASTER_FILE';
const CONTEXT = 'keyring master';

/**
 * Wraps under a text in a file, e.g. of a mounted Secret: AES-256-GCM by a key that HKDF-SHA256 (RFC 5869) makes of it, without
 * the newline at its end. The file is read anew each time, for it may be turned while the process runs; nothing of it is shown.
 * @throws MR_GOVERNANCE_KEYS_MASTER_UNFIT from each call where the file cannot be read or holds too little
 */
export function openMountedWrapper(file: string): KeyWrapper {
  return {
    wrap: async (plain) => lock(await keyOf(file), plain, CONTEXT),
    async unwrap(wrapped) {
      const key = await keyOf(file);
      try {
        return unlock(key, wrapped, CONTEXT);
      } catch (cause) {
        throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `the master key does not open under the text in ${file}`, {
          field: SETTING,
          value: file,
          expected: 'the text that the master key was wrapped under',
          cause,
        });
      }
    },
    close() {},
  };
}

const keyOf = async (file: string): Promise<Buffer> =>
  Buffer.from(hkdfSync('sha256', await secretTextOf(file, SETTING), '', 'millrace master key wrap', 32));
