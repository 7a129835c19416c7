import { setTimeout as wait } from 'node:timers/promises';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { MillraceError } from '../../errors.ts';
import { governanceError } from '../errors.ts';

const LAYOUT = 1;
const READY_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** A number of our own for the server's locks: who changes the keyring's order takes it, until the transaction's end. */
const LOCK = 5_273_911_016;

/**
 * Where all of the keyring lies; may be run again. On a cluster the layout's run makes it, so that no workload's user owns a table
 * in which others trust. A table with a deleted key is cleaned within a minute, so that its bytes go.
 */
export const KEYRING_TABLES: readonly string[] = [
  'create schema if not exists keyring',
  'create table if not exists keyring.master (one boolean primary key default true check (one), wrapped bytea not null)',
  `create table if not exists keyring.subjects (lookup bytea primary key, pseudonym text not null unique, wrapped bytea not null)
     with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)`,
  `create table if not exists keyring.erased (number bigint generated always as identity primary key, pseudonym text not null unique)`,
  'create table if not exists keyring.secrets (name text primary key, wrapped bytea not null)',
  `create table if not exists keyring.signing (
     number bigint generated always as identity primary key, key_id text not null unique, wrapped bytea not null
   )`,
  'create table if not exists keyring.layout (version integer not null)',
  `insert into keyring.layout select ${LAYOUT} where not exists (select from keyring.layout)`,
];

/** The rows that a statement answers with. */
export async function rowsOf<Row>(
  on: PostgresPool | PostgresPoolClient,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<readonly Row[]> {
  if (!('connect' in on)) return (await on.query<Row>(statement, parameters)).rows;
  const client = await on.connect();
  try {
    return (await client.query<Row>(statement, parameters)).rows;
  } finally {
    client.release();
  }
}

/** By the catalogue's tables: what to_regclass() once did not find, it does not find again within the transaction. */
export const isThere = async (on: PostgresPool | PostgresPoolClient, schema: string, table: string): Promise<boolean> =>
  (await rowsOf(on, 'select 1 from pg_tables where schemaname = $1 and tablename = $2', [schema, table])).length > 0;

/** Runs `body` in a transaction that no other of this keyring's runs beside. */
export async function alone<T>(pool: PostgresPool, body: (client: PostgresPoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin', []);
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    const result = await body(client);
    await client.query('commit', []);
    return result;
  } catch (error) {
    // Where the way is lost there is nothing to take back, and the pool drops the connection.
    await client.query('rollback', []).catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/**
 * Resolves to what `prepare` does once it may: who may not make what is missing waits for the one who does.
 * @throws MR_GOVERNANCE_KEYS_ABSENT after a minute, and what `prepare` throws
 */
export async function onceThere<T>(place: string, prepare: () => Promise<T>, readyMs: number = READY_MS): Promise<T> {
  const started = performance.now();
  for (;;) {
    try {
      return await prepare();
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'MR_REGISTRY_METADATA_DENIED') throw error;
      if (performance.now() - started > readyMs) {
        throw governanceError(
          'MR_GOVERNANCE_KEYS_ABSENT',
          `the keyring in ${place} is not whole, and this user may not make it so`,
          {
            field: 'MILLRACE_METADATA_HOST',
            value: place,
            expected: 'a database whose schema keyring holds tables, master key and signing key',
            cause: error,
          },
        );
      }
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** Makes the keyring's tables where there are none. @throws MR_GOVERNANCE_KEYS_NEWER */
export async function ensureTables(pool: PostgresPool, place: string): Promise<void> {
  if (!(await isThere(pool, 'keyring', 'layout')))
    await alone(pool, async (client) => {
      for (const statement of KEYRING_TABLES) await client.query(statement, []);
    });
  const [found] = await rowsOf<{ version: number }>(pool, 'select version from keyring.layout');
  if (found !== undefined && found.version <= LAYOUT) return;
  throw governanceError(
    'MR_GOVERNANCE_KEYS_NEWER',
    `the keyring in ${place} has layout ${found?.version}, this Millrace knows ${LAYOUT}`,
    {
      field: 'keyring.layout',
      value: found?.version,
      expected: `at most ${LAYOUT}`,
    },
  );
}
