import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { governanceError } from '../errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import { lock, unlock } from './box.ts';
import type { Keyring, KeyringRow } from './keyring.ts';
import type { KeyStore, SubjectKeys } from './port.ts';

export interface KeyStoreParts {
  readonly keyring: Keyring;
  readonly signing: Pick<KeyStore, 'sign' | 'verify' | 'verifyKey'>;
  /** 32 bytes under which data keys and secrets are wrapped, and from which the key of the lookup is derived. */
  readonly master: Buffer;
  /** Where the master key comes from, for errors. */
  readonly masterName: string;
  /** How long an erasure by another process may go unseen. */
  readonly staleMs: number;
  /** How long where the keyring does not answer: until then what is in memory goes on being used. @default 0 */
  readonly graceMs?: number;
  /** Subjects kept in memory, about 300 bytes each. @default 100000 */
  readonly cached?: number;
}

const CHECK = 'platform-check';
const CACHED = 100_000;
/** How long a caller waits for news that it could do without. */
const PATIENCE_MS = 25;

/**
 * A key store over the rows of a keyring. A person's id is looked up by HMAC-SHA256 under a key derived from the master's
 * (HKDF, RFC 5869) and stored nowhere. Closes the keyring, also where it cannot be opened.
 * @throws MR_GOVERNANCE_KEYS_UNREADABLE where the keyring was made under another master key
 */
export async function openKeyStore(parts: KeyStoreParts): Promise<KeyStore> {
  const { keyring, signing, master, masterName, staleMs, graceMs = 0, cached = CACHED } = parts;
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', master, '', `millrace ${purpose}`, 32));
  const lookupKey = derive('subject lookup');
  const wrapKey = derive('key wrap');
  const bySubject = new BoundedCache<SubjectKeys>(cached);
  const byPseudonym = new BoundedCache<SubjectKeys>(cached);
  const secrets = new Map<string, string>();
  const erased = new Set<string>();
  let seen = -1;
  let freshAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;

  const forget = (pseudonym: string): void => {
    erased.add(pseudonym);
    byPseudonym.delete(pseudonym);
  };
  const learn = async (): Promise<void> => {
    const asked = performance.now();
    const news = await keyring.erasedSince(seen);
    seen = news.number;
    for (const pseudonym of news.pseudonyms) forget(pseudonym);
    freshAt = asked;
  };
  /** Of calls at one moment one asks the keyring. */
  const refresh = async (): Promise<void> => {
    const age = performance.now() - freshAt;
    if (age < staleMs) return;
    refreshing ??= learn().finally(() => {
      refreshing = undefined;
    });
    if (age >= graceMs) return refreshing;
    await Promise.race([refreshing.catch(() => undefined), wait(PATIENCE_MS, undefined, { ref: false })]);
  };

  const lookup = (subject: string): Buffer => createHmac('sha256', lookupKey).update(subject).digest();
  const unwrap = (wrapped: Buffer, context: string): Buffer => {
    try {
      return unlock(wrapKey, wrapped, context);
    } catch (cause) {
      throw governanceError(
        'MR_GOVERNANCE_KEYS_UNREADABLE',
        `${masterName} does not open the keyring's ${context.split(' ')[0]}`,
        {
          field: masterName,
          cause,
        },
      );
    }
  };
  const live = (pseudonym: string): void => {
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
  const remember = (row: KeyringRow, subject?: string): SubjectKeys => {
    const keys = byPseudonym.get(row.pseudonym) ?? keysOf(row);
    // Erased while the row was on its way: nobody after this caller meets it.
    if (erased.has(row.pseudonym)) return keys;
    byPseudonym.set(row.pseudonym, keys);
    if (subject !== undefined) bySubject.set(subject, keys);
    return keys;
  };
  /** What is in memory and not erased. */
  const held = (subject: string): SubjectKeys | undefined => {
    const keys = bySubject.get(subject);
    if (keys !== undefined && !erased.has(keys.pseudonym)) return keys;
    bySubject.delete(subject);
    return undefined;
  };
  const known = async (subject: string): Promise<SubjectKeys | undefined> => {
    await refresh();
    const keys = held(subject);
    if (keys !== undefined) return keys;
    const row = await keyring.find(lookup(subject));
    return row === undefined || erased.has(row.pseudonym) ? undefined : remember(row, subject);
  };
  const add = async (subjects: readonly string[]): Promise<readonly SubjectKeys[]> => {
    const rows = await keyring.add(subjects.map((subject) => ({ lookup: lookup(subject), ...newRow() })));
    return rows.map((row, index) => remember(row, subjects[index]));
  };
  const newRow = (): KeyringRow => {
    const pseudonym = `s_${randomBytes(16).toString('base64url')}`;
    return { pseudonym, wrapped: lock(wrapKey, randomBytes(32), `data key ${pseudonym}`) };
  };
  const secret = async (name: string): Promise<string> => {
    const make = () => lock(wrapKey, Buffer.from(randomBytes(32).toString('base64url')), `secret ${name}`);
    const text = secrets.get(name) ?? unwrap(await keyring.secret(name, make), `secret ${name}`).toString('utf8');
    secrets.set(name, text);
    return text;
  };

  try {
    await secret(CHECK); // A foreign master key shows here, before anything is sealed under it.
    await refresh();
  } catch (error) {
    await keyring.close();
    throw error;
  }

  return {
    known,
    async subject(subject) {
      const keys = (await known(subject)) ?? (await add([subject]))[0];
      if (keys === undefined) throw new RangeError('a keyring answers each row that it was given');
      return keys;
    },
    async prepare(subjects) {
      await refresh();
      const missing = [...new Set(subjects)].filter((subject) => held(subject) === undefined);
      if (missing.length > 0) await add(missing);
    },
    async byPseudonym(pseudonym) {
      await refresh();
      const keys = byPseudonym.get(pseudonym);
      if (keys !== undefined) return keys;
      const [row] = await keyring.findPseudonyms([pseudonym]);
      return row === undefined || erased.has(row.pseudonym) ? undefined : remember(row);
    },
    async recall(pseudonyms) {
      await refresh();
      const missing = pseudonyms.filter((pseudonym) => byPseudonym.get(pseudonym) === undefined && !erased.has(pseudonym));
      if (missing.length === 0) return;
      for (const row of await keyring.findPseudonyms(missing)) if (!erased.has(row.pseudonym)) remember(row);
    },
    async erase(subject) {
      const pseudonym = await keyring.erase(lookup(subject));
      bySubject.delete(subject);
      if (pseudonym !== undefined) forget(pseudonym);
      return pseudonym;
    },
    async erased() {
      await refresh();
      return erased;
    },
    sign: (bytes, holder) => signing.sign(bytes, holder),
    verify: (bytes, signature, holder) => signing.verify(bytes, signature, holder),
    verifyKey: () => signing.verifyKey(),
    async secret(name) {
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
