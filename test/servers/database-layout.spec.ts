import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LAYOUT } from '../../app/registry/metadata/migrations.ts';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import { DATABASE_USERS, EVERYDAY_USERS, userName } from '../../app/registry/metadata/users.ts';
import { cloudNativePg, type DatabaseGround, databaseGround, oldDatabase, rds } from './database-ground.ts';

for (const provider of [rds, cloudNativePg])
  describe(`the layout's run, where users are made as ${provider.name} makes them`, () => {
    let ground: DatabaseGround;
    before(async () => {
      ground = await databaseGround(provider);
    });
    after(() => ground.server.stop());

    test('before it no workload makes a table; after it each opens what is there', async () => {
      for (const user of EVERYDAY_USERS) {
        const refused = { code: 'MR_REGISTRY_LAYOUT_OLDER', field: 'layout', value: 0, expected: `layout ${LAYOUT}` };
        await assert.rejects(openPostgresMetadata(ground.as(user)), refused, user);
      }
      assert.match((await ground.migrate('writer')).stderr, /^MR_REGISTRY_LAYOUT_OLDER/m);
      const { code, stdout, stderr } = await ground.migrate();
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { layout: LAYOUT, users: EVERYDAY_USERS.map(userName) });
      for (const user of EVERYDAY_USERS) await (await openPostgresMetadata(ground.as(user))).close();
      assert.match((await ground.migrate('writer')).stderr, /^MR_REGISTRY_METADATA_DENIED/m, 'nor does one give itself rights');
    });

    test('given again, by two runs at once, the rights are the same; a right given by hand is taken back', async () => {
      const rights = () =>
        ground.server.admin(
          'millrace',
          `select relnamespace::regnamespace::text as schema, relname, relacl::text, relrowsecurity, (select array_agg(attacl::text order by attnum) from pg_attribute where attrelid = oid)
             from pg_class where relnamespace in ('public'::regnamespace, 'keyring'::regnamespace) order by 1, 2`,
        );
      const policies = () =>
        ground.server.admin('millrace', `select tablename, policyname, roles, qual, with_check from pg_policies order by 1, 2`);
      const before = [await rights(), await policies()];
      await ground.say('owner', [
        'grant insert, update on deployments to millrace_writer',
        'grant update (manifest) on versions to millrace_writer',
        'create policy hole on aliases for all to millrace_writer using (true)',
        'grant create on schema public to millrace_writer',
      ]);
      const runs = await Promise.all([ground.migrate(), ground.migrate()]);
      assert.deepEqual(
        runs.map(({ code, stderr }) => [code, stderr]),
        [
          [0, ''],
          [0, ''],
        ],
      );
      assert.deepEqual([await rights(), await policies()], before);
      await assert.rejects(ground.say('writer', ['create table public.mine ()']), /permission denied/);
    });

    for (const owner of ['owner', 'writer'] as const)
      test(`a database of the grants before these, which the ${owner} owned, is brought over with its rows`, async () => {
        const database = `old_${owner}`;
        await oldDatabase(ground, database, owner);
        const { code, stderr } = await ground.migrate('owner', database);
        assert.equal(code, 0, stderr);
        assert.equal((await ground.migrate('owner', database)).code, 0);
        const owners = await ground.server.admin(
          database,
          `select distinct tableowner from pg_tables where schemaname = 'public'`,
        );
        assert.deepEqual(owners, [{ tableowner: 'millrace_owner' }]);
        const writer = await openPostgresMetadata(ground.as('writer', database));
        assert.equal(await readSetting(writer, 'kept'), 'by the writer');
        await saveSetting(writer, 'kept', 'and changed');
        for (const statement of ['create table public.mine ()', 'insert into deployments default values'])
          await assert.rejects(ground.say('writer', [statement], database), /permission denied/, statement);
        await assert.rejects(ground.say('writer', ['drop table deployments'], database), /must be owner/);
        await assert.rejects(ground.say('writer', [`alter database ${database} rename to mine`], database), /must be owner/);
        await writer.close();
      });

    test('a missing user is named, and then nothing was given', async () => {
      await ground.server.admin('postgres', 'alter role millrace_reader rename to gone');
      try {
        const { code, stderr } = await ground.migrate();
        assert.equal(code, 1);
        assert.match(stderr, /^MR_REGISTRY_USERS_MISSING: .*millrace_reader/m);
      } finally {
        await ground.server.admin('postgres', 'alter role gone rename to millrace_reader');
      }
    });

    test('a user of another database is not let in, and there are no users but these', async () => {
      await ground.server.admin('postgres', 'create role stranger login');
      const stranger = { ...ground.as('reader'), user: 'stranger' };
      await assert.rejects(openPostgresMetadata(stranger), { code: 'MR_REGISTRY_METADATA_DENIED' });
      const held = await ground.server.admin(
        'postgres',
        `select count(*)::int as count from pg_roles where rolname like 'millrace%'`,
      );
      assert.deepEqual(held, [{ count: DATABASE_USERS.length }]);
    });
  });
