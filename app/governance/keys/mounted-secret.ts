import { readFile } from 'node:fs/promises';
import type { SettingName } from '../../settings.ts';
import { governanceError } from '../errors.ts';

/** Of the 62 kinds that the cluster makes it of, so many hold 190 bits. */
const LEAST_CHARACTERS = 32;

/**
 * The text of a mounted secret, without the newline at its end.
 * @throws MR_GOVERNANCE_KEYS_MASTER_UNFIT where the file cannot be read or holds too little
 */
export async function secretTextOf(file: string, setting: SettingName): Promise<string> {
  const unfit = (message: string, cause?: unknown) =>
    governanceError('MR_GOVERNANCE_KEYS_MASTER_UNFIT', message, {
      field: setting,
      value: file,
      expected: `a file with at least ${LEAST_CHARACTERS} characters that this process may read`,
      cause,
    });
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unfit(`${file} cannot be read`, cause);
  });
  const secret = text.replace(/\r?\n$/, '');
  if (secret.length < LEAST_CHARACTERS) throw unfit(`${file} holds ${secret.length} characters`);
  return secret;
}
