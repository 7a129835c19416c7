import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { governanceError } from '../errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import { lock, unlock } from './box.ts';
import { openKeyFolder, readOrMake } from './folder.ts';
import { type KeyringRow, openKeyring } from './keyring.ts';
import type { KeyStore, SubjectKeys } from './port.ts';
import { openSigningKeys } from './signing-keys.ts';

const MASTER = 'master.key';
const CHECK = 'platform-check';

/** Subjects kept in memory by default, about 300 bytes each. */
const CACHED = 100_000;

/** How long an erasure by another process may go unseen: sealing a batch would else ask the database twice a row. */
const STALE_MS = 1;

/**
 * The laptop's key store: a folder (0700) with a master key, signing keys and a SQLite keyring, each 0600. A person's id
 * is looked up by HMAC-SHA256 under a key derived from the master's (HKDF, RFC 5869) and stored nowhere. A new subject is durable when
 * `subject()` returns: one fsync; `prepare()` needs one for all. An erasure by any process counts at the next call of every other.
 * @throws MR_GOVERNANCE_KEYS_EXPOSED, MR_GOVERNANCE_KEYS_UNREADABLE, MR_GOVERNANCE_KEYS_NEWER
 */
export function openEmbeddedKeys(dir: string, options: { readonly cached?: number } = {}): KeyStore {
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
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', master, '', `millrace ${purpose}`, 32));
  const lookupKey = derive('subject lookup');
  const wrapKey = derive('key wrap');
  const signing = openSigningKeys(dir);
  const keyring = openKeyring(dir);

  const bySubject = new BoundedCache<SubjectKeys>(options.cached ?? CACHED);
  const byPseudonym = new BoundedCache<SubjectKeys>(options.cached ?? CACHED);
  const erased = new Set<string>();
  let seen = -1;

  let refreshedAt = Number.NEGATIVE_INFINITY;
  const refresh = (): void => {
    const now = performance.now();
    if (now - refreshedAt < STALE_MS) return;
    refreshedAt = now;
    const news = keyring.erasedSince(seen);
    seen = news.number;
    for (const pseudonym of news.pseudonyms) forget(pseudonym);
  };
  const forget = (pseudonym: string): void => {
    erased.add(pseudonym);
    byPseudonym.delete(pseudonym);
  };
  const lookup = (subject: string): Buffer => createHmac('sha256', lookupKey).update(subject).digest();
  const unwrap = (wrapped: Buffer, context: string): Buffer => {
    try {
      return unlock(wrapKey, wrapped, context);
    } catch (cause) {
      throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `${MASTER} does not open the keyring's ${context.split(' ')[0]}`, {
        field: join(dir, MASTER),
        cause,
      });
    }
  };

  const live = (pseudonym: string): void => {
    refresh();
    if (!erased.has(pseudonym)) return;
    throw governanceError('MR_GOVERNANCE_SUBJECT_ERASED', `${pseudonym} was erased`, { field: 'pseudonym', value: pseudonym });
  };
  const keysOf = ({ pseudonym, wrapped }: KeyringRow): SubjectKeys => {
    // As a key object once: a raw key would be imported again for each box.
    const key = createSecretKey(unwrap(wrapped, `data key ${pseudonym}`));
    // A caller may hold this object for long: it asks each time whether the subject still is.
    return {
      pseudonym,
      encrypt(plain, context = '') {
        live(pseudonym);
        return lock(key, plain, `${pseudonym}\0${context}`);
      },
      decrypt(sealed, context = '') {
        live(pseudonym);
        return unlock(key, sealed, `${pseudonym}\0${context}`);
      },
    };
  };
  const remember = (subject: string | undefined, row: KeyringRow): SubjectKeys => {
    const keys = byPseudonym.get(row.pseudonym) ?? keysOf(row);
    byPseudonym.set(row.pseudonym, keys);
    if (subject !== undefined) bySubject.set(subject, keys);
    return keys;
  };
  const known = (subject: string): SubjectKeys | undefined => {
    refresh();
    const cached = bySubject.get(subject);
    if (cached !== undefined && !erased.has(cached.pseudonym)) return cached;
    bySubject.delete(subject);
    const row = keyring.find(lookup(subject));
    return row === undefined ? undefined : remember(subject, row);
  };
  const newRow = (): KeyringRow => {
    const pseudonym = `s_${randomBytes(16).toString('base64url')}`;
    return { pseudonym, wrapped: lock(wrapKey, randomBytes(32), `data key ${pseudonym}`) };
  };
  const secret = (name: string): string =>
    unwrap(
      keyring.secret(name, () => lock(wrapKey, Buffer.from(randomBytes(32).toString('base64url')), `secret ${name}`)),
      `secret ${name}`,
    ).toString('utf8');

  try {
    secret(CHECK); // A foreign master key shows here, before anything is sealed under it.
    refresh();
  } catch (error) {
    keyring.close();
    throw error;
  }

  return {
    known,
    subject(subject) {
      const keys = known(subject);
      if (keys !== undefined) return keys;
      return remember(subject, keyring.add(lookup(subject), newRow()));
    },
    prepare(subjects) {
      const missing = [...new Set(subjects)].filter((subject) => known(subject) === undefined);
      if (missing.length > 0) keyring.addAll(missing.map((subject) => ({ lookup: lookup(subject), ...newRow() })));
    },
    byPseudonym(pseudonym) {
      refresh();
      const cached = byPseudonym.get(pseudonym);
      if (cached !== undefined) return cached;
      const row = keyring.findPseudonym(pseudonym);
      return row === undefined ? undefined : remember(undefined, row);
    },
    erase(subject) {
      const pseudonym = keyring.erase(lookup(subject));
      bySubject.delete(subject);
      if (pseudonym !== undefined) forget(pseudonym);
      return pseudonym;
    },
    erased() {
      refresh();
      return erased;
    },
    sign: (bytes) => signing.sign(bytes),
    verify: (bytes, signature) => signing.verify(bytes, signature),
    verifyKey: () => signing.verifyKey(),
    secret(name) {
      if (/^[a-z0-9][a-z0-9.-]{0,63}$/.test(name)) return secret(name);
      throw governanceError('MR_GOVERNANCE_SECRET_NAME', `'${name}' cannot name a secret`, {
        field: 'name',
        value: name,
        expected: 'lower-case letters, digits, dots and dashes',
      });
    },
    close: () => keyring.close(),
  };
}
