import { setTimeout as wait } from 'node:timers/promises';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { MillraceError } from '../../errors.ts';
import { governanceError } from '../errors.ts';

const LAYOUT = 1;
const READY_MS = 60_000;
const LOOK_EVERY_MS = 500;

/** A number of our own for the server's locks: who changes the keyring's order takes it, until the transaction's end. */
const LOCK = 5_273_911_016;

/** Where all of the keyring lies. A table with a deleted key is cleaned within a minute, so that its bytes go. */
const TABLES = `
  create table keyring.master (one boolean primary key default true check (one), wrapped bytea not null);
  create table keyring.subjects (lookup bytea primary key, pseudonym text not null unique, wrapped bytea not null)
    with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
  create table keyring.erased (number bigint generated always as identity primary key, pseudonym text not null unique);
  create table keyring.secrets (name text primary key, wrapped bytea not null);
  create table keyring.signing (
    number bigint generated always as identity primary key, key_id text not null unique, open text not null, wrapped bytea not null
  );
  create table keyring.layout (version integer not null);
  insert into keyring.layout values (${LAYOUT});
`;

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
 * Makes the keyring's tables where there are none and the user may make them; who may not waits for the one who does.
 * @throws MR_GOVERNANCE_KEYS_NEWER, MR_GOVERNANCE_KEYS_ABSENT after a minute
 */
export async function ensureKeyring(pool: PostgresPool, place: string, readyMs: number = READY_MS): Promise<void> {
  const started = performance.now();
  for (;;) {
    const denied = await makeTables(pool).catch((error: unknown) => {
      if (error instanceof MillraceError && error.code === 'MR_REGISTRY_METADATA_DENIED') return error;
      throw error;
    });
    if (denied === undefined) break;
    if (performance.now() - started > readyMs) {
      throw governanceError('MR_GOVERNANCE_KEYS_ABSENT', `there is no keyring in ${place}, and this user may not make one`, {
        field: 'MILLRACE_METADATA_HOST',
        value: place,
        expected: 'a database whose schema keyring holds the tables',
        cause: denied,
      });
    }
    await wait(LOOK_EVERY_MS);
  }
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

async function makeTables(pool: PostgresPool): Promise<undefined> {
  const there = (on: PostgresPool | PostgresPoolClient) => isThere(on, 'keyring', 'layout');
  if (await there(pool)) return undefined;
  await alone(pool, async (client) => {
    if (await there(client)) return;
    const schema = await rowsOf(client, `select 1 from pg_namespace where nspname = 'keyring'`);
    if (schema.length === 0) await client.query('create schema keyring', []);
    for (const statement of TABLES.split(';\n')) if (statement.trim() !== '') await client.query(statement, []);
  });
  return undefined;
}
