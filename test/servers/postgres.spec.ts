import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { MillraceError } from '../../app/errors.ts';
import { LAYOUT } from '../../app/registry/metadata/migrations.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import type { PostgresOptions } from '../../app/registry/metadata/postgres-connection.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import { openRuntime } from '../../app/runtime.ts';
import { until } from '../cluster/until.ts';
import { metadataContract } from '../contracts/metadata.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

metadataContract('metadata on Postgres', async () => {
  const options = await server.database();
  return { open: () => openPostgresMetadata(options) };
});

const refused = async (options: PostgresOptions): Promise<MillraceError> => {
  const store = await openPostgresMetadata(options).catch((error: MillraceError) => error);
  if (store instanceof Error) return store;
  await store.close();
  assert.fail('it was opened');
};

test('of ten processes that open an empty database at once, one makes the tables', async () => {
  const options = await server.database();
  const stores = await Promise.all(Array.from({ length: 10 }, () => openPostgresMetadata(options)));
  assert.deepEqual(await stores[9]?.db.selectFrom('layout').selectAll().execute(), [{ version: LAYOUT }]);
  for (const store of stores) await store.close();
});

test('a database of a newer version is refused by both numbers', async () => {
  const options = await server.database();
  const store = await openPostgresMetadata(options);
  await store.db
    .updateTable('layout')
    .set({ version: LAYOUT + 3 })
    .execute();
  await store.close();
  const { code, value, expected } = await refused(options);
  assert.deepEqual([code, value, expected], ['MR_REGISTRY_LAYOUT_NEWER', LAYOUT + 3, `at most ${LAYOUT}`]);
});

test('a wrong password is refused, named by its user and never shown', async () => {
  const options = { ...(await server.database()), passwordFile: server.passwordFile('hunter2-wrong') };
  const error = await refused(options);
  assert.equal(error.code, 'MR_REGISTRY_METADATA_DENIED');
  assert.equal(error.value, options.user);
  assert.doesNotMatch(JSON.stringify(error.toProblem()) + String(error.stack), /hunter2/);
});

test('a password file that is not there is named', async () => {
  const { code, field } = await refused({ ...(await server.database()), passwordFile: '/nowhere/password' });
  assert.deepEqual([code, field], ['MR_REGISTRY_METADATA_DENIED', 'MILLRACE_METADATA_PASSWORD_FILE']);
});

test('a password that is turned is read for the next connection', async () => {
  const options = await server.database();
  const passwordFile = server.passwordFile('the first');
  await server.admin('postgres', `create role turned login password 'the first'`);
  await server.admin('postgres', `alter database ${options.database} owner to turned`);
  const store = await openPostgresMetadata({ ...options, user: 'turned', passwordFile });
  await server.admin('postgres', `alter role turned password 'the second'`);
  writeFileSync(passwordFile, 'the second\n');
  await server.admin('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'turned'`);
  await until('it is let in again', async () => (await readSetting(store, 'a')) === undefined);
  await store.close();
});

test('a server whose certificate another authority signed, or that names another host, is not spoken to', async () => {
  const options = await server.database();
  const { caFile: _ca, ...trusting } = options;
  for (const other of [trusting, { ...options, host: '127.0.0.1' }]) {
    const { code, field } = await refused(other);
    assert.deepEqual([code, field], ['MR_REGISTRY_METADATA_UNREACHABLE', 'MILLRACE_METADATA_HOST']);
  }
});

test('a port where nobody listens is refused as one that does not answer', async () => {
  const { code, value } = await refused({ ...(await server.database()), port: 1 });
  assert.equal(code, 'MR_REGISTRY_METADATA_UNREACHABLE');
  assert.match(String(value), /^localhost:1\//);
});

test('a user who may only read opens a database that is there, reads, and writes nothing', async () => {
  const options = await server.database();
  await server.admin('postgres', `create role peeker login password 'peek'`);
  const peeker = { ...options, user: 'peeker', passwordFile: server.passwordFile('peek') };
  assert.equal((await refused(peeker)).code, 'MR_REGISTRY_LAYOUT_OLDER', 'an empty one is not there yet');
  const store = await openPostgresMetadata(options);
  await saveSetting(store, 'a', '1');
  await server.admin(options.database, 'grant select on all tables in schema public to peeker');
  const reader = await openPostgresMetadata(peeker);
  assert.equal(await readSetting(reader, 'a'), '1');
  await assert.rejects(saveSetting(reader, 'a', '2'), { code: 'MR_REGISTRY_METADATA_DENIED', value: 'peeker' });
  for (const opened of [reader, store]) await opened.close();
});

test('one who waits too long for another transaction is told that the store is busy, and goes on afterwards', async () => {
  const options = await server.database();
  const stores: Metadata[] = [await openPostgresMetadata(options), await openPostgresMetadata({ ...options, lockMs: 300 })];
  const [holder, waiter] = stores as [Metadata, Metadata];
  let letGo: () => void = () => undefined;
  const held = holder.db.transaction().execute(() => new Promise<void>((resolve) => (letGo = resolve)));
  await until('the lock is held', async () => letGo !== undefined && (await locks(options)) === 1);
  const change = () =>
    waiter.db.transaction().execute((db) => db.insertInto('settings').values({ name: 'a', value: '1' }).execute());
  for (let i = 0; i < 5; i += 1) await assert.rejects(change(), { code: 'MR_REGISTRY_METADATA_BUSY' });
  letGo();
  await held;
  await change();
  assert.equal(await readSetting(holder, 'a'), '1');
  for (const store of stores) await store.close();
});

const locks = async ({ database }: PostgresOptions) =>
  (await server.admin(database, `select 1 from pg_locks where locktype = 'advisory' and granted`)).length;

test('a statement that fails within a transaction undoes it whole, and its connection goes on', async () => {
  const store = await openPostgresMetadata(await server.database());
  for (let i = 0; i < 6; i += 1)
    await assert.rejects(
      store.db.transaction().execute(async (db) => {
        await db.insertInto('settings').values({ name: 'half', value: '1' }).execute();
        await sql`select 1 / 0`.execute(db);
      }),
      /division by zero/,
    );
  assert.equal(await readSetting(store, 'half'), undefined);
  await store.close();
});

test('a server that is killed is named while it is away, and found again with what was committed when it is back', async () => {
  const store = await openPostgresMetadata(await server.database());
  await saveSetting(store, 'kept', '1');
  const cut = store.db.transaction().execute(async (db) => {
    await db.insertInto('settings').values({ name: 'half', value: '1' }).execute();
    await server.kill();
    await db.insertInto('settings').values({ name: 'other half', value: '1' }).execute();
  });
  await assert.rejects(cut, { code: 'MR_REGISTRY_METADATA_UNREACHABLE' });
  await assert.rejects(readSetting(store, 'kept'), { code: 'MR_REGISTRY_METADATA_UNREACHABLE' });
  await server.start();
  assert.equal(await until('it is found again', () => readSetting(store, 'kept')), '1');
  assert.equal(await readSetting(store, 'half'), undefined);
  await store.close();
});

test('a primary that has become a standby is not written to again', async () => {
  const options = await server.database();
  const store = await openPostgresMetadata(options);
  const as = (mode: 'on' | 'off') =>
    server.admin('postgres', `alter database ${options.database} set default_transaction_read_only = ${mode}`);
  await as('on');
  await server.admin('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${options.database}'`);
  await until('the connection is a new one', async () => (await readSetting(store, 'a')) === undefined);
  await assert.rejects(saveSetting(store, 'a', '1'), { code: 'MR_REGISTRY_METADATA_UNREACHABLE' });
  await as('off');
  await saveSetting(store, 'a', '2');
  assert.equal(await readSetting(store, 'a'), '2');
  await store.close();
});

test('the settings of a container lead the runtime to Postgres', async () => {
  const options = await server.database();
  const runtime = openRuntime({
    dataDir: server.folder(),
    environment: {
      MILLRACE_GROUND: 'cluster',
      MILLRACE_METADATA_HOST: options.host,
      MILLRACE_METADATA_PORT: String(options.port),
      MILLRACE_METADATA_DATABASE: options.database,
      MILLRACE_METADATA_USER: options.user,
      MILLRACE_METADATA_PASSWORD_FILE: options.passwordFile,
      MILLRACE_METADATA_CA_FILE: server.caFile,
      MILLRACE_WORKLOAD: 'registry',
    },
  });
  await saveSetting(await runtime.use('metadata'), 'a', '1');
  assert.deepEqual(
    await server.admin(options.database, `select application_name from pg_stat_activity where usename = 'millrace_owner'`),
    [{ application_name: 'registry' }],
  );
  await runtime.close();
});
