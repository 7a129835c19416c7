import { hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { governanceError } from '../errors.ts';
import { lock, unlock } from './box.ts';
import type { KeyWrapper } from './wrapper.ts';

const SETTING = 'MILLRACE_KEYS_MASTER_FILE';
/** Of the 62 kinds that the cluster makes it of, so many hold 190 bits. */
const LEAST_CHARACTERS = 32;
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

async function keyOf(file: string): Promise<Buffer> {
  const unfit = (message: string, cause?: unknown) =>
    governanceError('MR_GOVERNANCE_KEYS_MASTER_UNFIT', message, {
      field: SETTING,
      value: file,
      expected: `a file with at least ${LEAST_CHARACTERS} characters that this process may read`,
      cause,
    });
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unfit(`${file} cannot be read`, cause);
  });
  const secret = text.replace(/\r?\n$/, '');
  if (secret.length < LEAST_CHARACTERS) throw unfit(`${file} holds ${secret.length} characters`);
  return Buffer.from(hkdfSync('sha256', secret, '', 'millrace master key wrap', 32));
}
