import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { governanceError } from '../errors.ts';
import type { Keyring, KeyringRow } from './keyring.ts';

const LAYOUT = 1;
const FILE = 'keyring.sqlite';

/** Opens `keyring.sqlite` in the key folder. @throws MR_GOVERNANCE_KEYS_NEWER */
export function openSqliteKeyring(dir: string): Keyring {
  const path = join(dir, FILE);
  // SQLite gives its -wal and -shm files the mode of the main file, so that one is made first, with the right mode.
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  const { user_version: layout } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (layout > LAYOUT) {
    db.close();
    throw governanceError('MR_GOVERNANCE_KEYS_NEWER', `${path} has layout ${layout}, this Millrace knows ${LAYOUT}`, {
      field: path,
      value: layout,
      expected: `at most ${LAYOUT}`,
    });
  }
  db.exec(`
    CREATE TABLE IF NOT EXISTS subjects (lookup BLOB PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS erased (number INTEGER PRIMARY KEY AUTOINCREMENT, pseudonym TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
    PRAGMA user_version = ${LAYOUT};
  `);

  const select = db.prepare('SELECT pseudonym, wrapped FROM subjects WHERE lookup = ?');
  const selectPseudonym = db.prepare('SELECT pseudonym, wrapped FROM subjects WHERE pseudonym = ?');
  const insert = db.prepare('INSERT INTO subjects (lookup, pseudonym, wrapped) VALUES (?, ?, ?) ON CONFLICT (lookup) DO NOTHING');
  const remove = db.prepare('DELETE FROM subjects WHERE lookup = ?');
  const remember = db.prepare('INSERT INTO erased (pseudonym) VALUES (?)');
  const newlyErased = db.prepare('SELECT number, pseudonym FROM erased WHERE number > ? ORDER BY number');
  // Changes whenever another connection has committed: asked before each use of a cached key, so that an erasure counts at once.
  const dataVersion = db.prepare('PRAGMA data_version');
  const selectSecret = db.prepare('SELECT wrapped FROM secrets WHERE name = ?');
  const insertSecret = db.prepare('INSERT INTO secrets (name, wrapped) VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
  let seenVersion: unknown;

  const rowOf = (found: unknown): KeyringRow | undefined => {
    if (found === undefined) return undefined;
    const { pseudonym, wrapped } = found as { pseudonym: string; wrapped: Uint8Array };
    return { pseudonym, wrapped: Buffer.from(wrapped) };
  };

  const inOneWrite = <T>(write: () => T): T => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = write();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  /** Deleted bytes live on in the write-ahead log until it is cut. */
  const cutLog = (): boolean => (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number }).busy === 0;

  // An erasure that died before its cut is finished here. Where another process reads just now, its own cut will do it.
  cutLog();

  return {
    find: async (lookup) => rowOf(select.get(lookup)),
    findPseudonyms: async (pseudonyms) => pseudonyms.flatMap((pseudonym) => rowOf(selectPseudonym.get(pseudonym)) ?? []),
    async add(rows) {
      inOneWrite(() => {
        for (const row of rows) insert.run(row.lookup, row.pseudonym, row.wrapped);
      });
      return rows.map(({ lookup, ...row }) => rowOf(select.get(lookup)) ?? row);
    },
    async erase(lookup) {
      const pseudonym = inOneWrite(() => {
        const row = rowOf(select.get(lookup));
        if (row === undefined) return undefined;
        remove.run(lookup);
        remember.run(row.pseudonym);
        return row.pseudonym;
      });
      if (pseudonym !== undefined && !cutLog()) {
        throw governanceError(
          'MR_GOVERNANCE_KEYS_BUSY',
          'the data key is deleted, but its bytes still lie in the write-ahead log: a reader held it',
          {
            field: `${path}-wal`,
          },
        );
      }
      return pseudonym;
    },
    async erasedSince(number) {
      const version = dataVersion.get()?.data_version;
      if (version === seenVersion && number >= 0) return { pseudonyms: [], number };
      const rows = newlyErased.all(number) as { number: number; pseudonym: string }[];
      seenVersion = version;
      return { pseudonyms: rows.map(({ pseudonym }) => pseudonym), number: rows.at(-1)?.number ?? Math.max(number, 0) };
    },
    async secret(name, make) {
      const known = selectSecret.get(name);
      if (known === undefined) insertSecret.run(name, make());
      const { wrapped } = (known ?? selectSecret.get(name)) as { wrapped: Uint8Array };
      return Buffer.from(wrapped);
    },
    async close() {
      if (db.isOpen) db.close();
    },
  };
}
