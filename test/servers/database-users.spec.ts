import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import type { PostgresOptions } from '../../app/registry/metadata/postgres-connection.ts';
import { DATABASE_USERS, type DatabaseUser } from '../../constructs/governance/credentials.ts';
import { userName } from '../../constructs/registry/database-grants.ts';
import { USERS_SQL } from '../../constructs/registry/database-users.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

const OWNER = 'registry_owner';
const PASSWORD = 'made-by-nobody';
let server: PostgresServer;
let as: (user: DatabaseUser) => PostgresOptions;

/** One after the other, as whoever owns the database: no superuser, as RDS has it. */
async function asOwner(...statements: readonly string[]): Promise<void> {
  const ssl = { rejectUnauthorized: false };
  const client = new Client({ host: 'localhost', port: server.port, database: 'millrace', user: OWNER, password: PASSWORD, ssl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

before(async () => {
  server = await startPostgres();
  await server.admin('postgres', `create role ${OWNER} login createrole password '${PASSWORD}'`);
  await server.admin('postgres', `create database millrace owner ${OWNER}`);
  await asOwner(USERS_SQL, USERS_SQL);
  for (const user of DATABASE_USERS) await asOwner(`alter role ${userName(user)} password '${PASSWORD}'`);
  as = (user) => ({
    host: 'localhost',
    port: server.port,
    database: 'millrace',
    user: userName(user),
    passwordFile: server.passwordFile(PASSWORD),
    caFile: server.caFile,
  });
});
after(() => server.stop());

test('the one that makes tables opens an empty database, and then those that may write do, and the reader only reads', async () => {
  await assert.rejects(openPostgresMetadata(as('reader')), { code: 'MR_REGISTRY_METADATA_DENIED' });
  const writer = await openPostgresMetadata(as('writer'));
  await writer.db.insertInto('cursors').values({ source: 'a', cursor: 'writer', at: 1 }).execute();
  await writer.close();
  for (const user of ['gate', 'keys'] as const) {
    const store = await openPostgresMetadata(as(user));
    await store.db.updateTable('cursors').set({ cursor: user }).where('source', '=', 'a').execute();
    await store.close();
  }
  const reader = await openPostgresMetadata(as('reader'));
  assert.equal((await reader.db.selectFrom('cursors').select('cursor').executeTakeFirst())?.cursor, 'keys');
  await assert.rejects(reader.db.deleteFrom('cursors').execute());
  await reader.close();
});

test('a user of another database is not let in, and its grants given again change nothing', async () => {
  await server.admin('postgres', `create role stranger login password '${PASSWORD}'`);
  await assert.rejects(openPostgresMetadata({ ...as('reader'), user: 'stranger' }), { code: 'MR_REGISTRY_METADATA_DENIED' });
  await asOwner(USERS_SQL);
  const held = await server.admin('millrace', `select count(*)::int as count from pg_roles where rolname like 'millrace%'`);
  assert.equal(held[0]?.['count'], DATABASE_USERS.length + 1, 'the users and the owner of the other databases');
});
