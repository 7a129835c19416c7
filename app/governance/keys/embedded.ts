import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { governanceError } from '../errors.ts';
import { openKeyFolder, readOrMake } from './folder.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStore } from './port.ts';
import { openSigningKeys } from './signing-keys.ts';
import { openSqliteKeyring } from './sqlite-keyring.ts';

const MASTER = 'master.key';

/** How long an erasure by another process may go unseen: sealing a batch would else ask the database twice a row. */
const STALE_MS = 1;

/**
 * The laptop's key store: a folder (0700) with a master key, signing keys and a SQLite keyring, each 0600. A new subject is
 * durable when `subject()` resolves: one fsync; `prepare()` needs one for all.
 * @throws MR_GOVERNANCE_KEYS_EXPOSED, MR_GOVERNANCE_KEYS_UNREADABLE, MR_GOVERNANCE_KEYS_NEWER
 */
export async function openEmbeddedKeys(dir: string, options: { readonly cached?: number } = {}): Promise<KeyStore> {
  openKeyFolder(dir);
  const orphaned = existsSync(join(dir, 'keyring.sqlite')) && !existsSync(join(dir, MASTER));
  if (orphaned) {
    throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `${dir} has a keyring but no ${MASTER}`, {
      field: join(dir, MASTER),
      expected: '32 bytes',
    });
  }
  const master = readOrMake(dir, MASTER, () => randomBytes(32));
  if (master.length !== 32) {
    throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `${MASTER} has ${master.length} bytes`, {
      field: join(dir, MASTER),
      expected: '32 bytes',
    });
  }
  const signing = openSigningKeys(dir);
  const keyring = openSqliteKeyring(dir);
  return openKeyStore({ keyring, signing, master, masterName: join(dir, MASTER), staleMs: STALE_MS, ...options });
}
