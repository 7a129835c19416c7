import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Kysely } from 'kysely';
import { systemClock } from '../../app/clock/embedded.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import type { Tables } from '../../app/registry/metadata/tables.ts';
import { EVERYDAY_USERS, type EverydayUser } from '../../app/registry/metadata/users.ts';
import { openRegistry, type Registry } from '../../app/registry/registry.ts';
import { lastRetraining, recordedTraining } from '../../pipelines/retrainings.ts';
import { type Fixture, MODEL, openFixture } from '../registry/fixture.ts';
import { standOn } from '../registry/ground.ts';
import { cloudNativePg, type DatabaseGround, databaseGround, rds } from './database-ground.ts';

const DENIED = { code: 'MR_REGISTRY_METADATA_DENIED' };
const at = 1;

for (const provider of [rds, cloudNativePg])
  describe(`users as ${provider.name} makes them`, () => {
    let ground: DatabaseGround;
    let fixture: Fixture;
    const stores = {} as Record<EverydayUser, Metadata>;
    const registries = {} as Record<EverydayUser, Registry>;
    const db = (user: EverydayUser): Kysely<Tables> => stores[user].db;

    before(async () => {
      ground = await databaseGround(provider);
      const { code, stderr } = await ground.migrate();
      assert.equal(code, 0, stderr);
      for (const user of EVERYDAY_USERS) stores[user] = await openPostgresMetadata(ground.as(user));
      standOn(async () => stores.writer);
      fixture = await openFixture();
      for (const user of EVERYDAY_USERS) registries[user] = openRegistry({ ...fixture, metadata: stores[user] });
    });
    after(async () => {
      for (const store of Object.values(stores)) await store.close();
      await ground.server.stop();
    });

    /** A version that training registered and the gate passed. */
    async function gated() {
      const version = await registries.writer.register(await fixture.release(), 'workload:retrain');
      await registries.gate.recordVerdict('workload:gate', await fixture.evidence(version));
      return version;
    }

    async function champion() {
      const { version } = await gated();
      await registries.gate.approve(MODEL, version, 'olga');
      return registries.gate.promote(MODEL, version, 'olga', 'test');
    }

    test('training registers candidates, and keeps its runs and what it watches', async () => {
      const { version } = await registries.writer.register(await fixture.release(), 'workload:retrain');
      const next = await registries.writer.register(await fixture.release(), 'workload:retrain');
      assert.equal((await registries.writer.alias(MODEL, 'challenger'))?.version, version + 1);
      assert.equal(next.state, 'candidate');
      const options = { metadata: stores.writer, clock: systemClock, usecase: { name: 'retail' }, reason: 'a test' };
      await recordedTraining(options, async () => 1);
      assert.ok((await lastRetraining(stores.reader, options.usecase)).endedAt);
      await saveSetting(stores.writer, 'monitor.retail', '1');
      await saveSetting(stores.writer, 'monitor.retail', '2');
      assert.equal(await readSetting(stores.reader, 'monitor.retail'), '2');
    });

    test('the gate judges, and moves the champion to and fro', async () => {
      const first = await champion();
      const second = await champion();
      assert.equal((await registries.gate.rollback(MODEL, 'olga', 'slow')).version, first.version);
      await registries.gate.promote(MODEL, second.version, 'olga', 'no, it is not');
      await registries.gate.revoke(MODEL, second.version, 'olga', 'poisoned');
      const third = await gated();
      await registries.gate.retire(MODEL, third.version, 'olga', 'no use');
      for (const user of EVERYDAY_USERS)
        assert.equal((await registries[user].alias(MODEL, 'champion'))?.version, first.version, `as ${user} reads it`);
      assert.equal((await registries.keys.show(MODEL, second.version)).state, 'revoked');
    });

    for (const user of ['writer', 'keys', 'reader'] as const)
      test(`${user} judges nothing, signs nothing off, and does not move the champion`, async () => {
        const answering = (await champion()).version;
        const { version, unitId } = await gated();
        const registry = registries[user];
        const acts: Readonly<Record<string, () => Promise<unknown>>> = {
          verdict: async () => registry.recordVerdict('workload:gate', await fixture.evidence({ version, unitId })),
          approve: () => registry.approve(MODEL, version, 'olga'),
          rollback: () => registry.rollback(MODEL, 'olga', 'mine'),
          retire: () => registry.retire(MODEL, version, 'olga', 'mine'),
          revoke: () => registry.revoke(MODEL, answering, 'olga', 'mine'),
        };
        for (const [name, act] of Object.entries(acts)) await assert.rejects(act(), DENIED, name);
        await registries.gate.approve(MODEL, version, 'olga');
        await assert.rejects(registry.promote(MODEL, version, 'olga', 'mine'), DENIED);
        assert.equal(fixture.audit.acts.at(-1)?.outcome, 'failed');
        assert.equal((await registries.gate.alias(MODEL, 'champion'))?.version, answering);
      });

    test('nor by any statement of its own: the pointer, the history, the evidence and the state of a version are the gate’s', async () => {
      const { version, unitId } = await champion();
      const other = await gated();
      const about = { model: MODEL, version: other.version, unit_id: unitId, at };
      const signed = { ...about, signature: '{}' };
      const champions = { model: 'another', alias: 'champion', version, at } as const;
      const tried: Readonly<Record<string, (as: Kysely<Tables>) => Promise<unknown>>> = {
        'a new champion': (as) => as.insertInto('aliases').values(champions).execute(),
        'a challenger that becomes one': (as) => as.updateTable('aliases').set({ alias: 'champion' }).execute(),
        'a history': (as) =>
          as
            .insertInto('deployments')
            .values({ ...about, alias: 'champion', act: 'promote', actor: 'x', reason: 'x' })
            .execute(),
        'a verdict': (as) =>
          as
            .insertInto('verdicts')
            .values({ ...signed, verdict: 'passed', evidence: '{}' })
            .execute(),
        'an approval': (as) =>
          as
            .insertInto('approvals')
            .values({ ...signed, approver: 'x' })
            .execute(),
        'a state': (as) => as.updateTable('versions').set({ state: 'approved' }).execute(),
        'no aliases': (as) => as.deleteFrom('aliases').execute(),
        'another layout': (as) => as.updateTable('layout').set({ version: 0 }).execute(),
      };
      for (const user of ['writer', 'keys', 'reader'] as const)
        for (const [name, act] of Object.entries(tried)) await assert.rejects(act(db(user)), DENIED, `${user}: ${name}`);
      // The row of the champion is not there for whoever may set challengers alone.
      const moved = await db('writer')
        .updateTable('aliases')
        .set({ version: other.version })
        .where('alias', '=', 'champion')
        .execute();
      assert.equal(Number(moved[0]?.numUpdatedRows), 0);
      const listed = {
        ...(await db('gate').selectFrom('versions').selectAll().executeTakeFirstOrThrow()),
        unit_id: 'x',
        version: 999,
      };
      await assert.rejects(
        db('writer')
          .insertInto('versions')
          .values({ ...listed, state: 'approved' })
          .execute(),
        DENIED,
      );
      assert.equal((await registries.gate.alias(MODEL, 'champion'))?.version, version);
    });

    test('the gate registers nothing, and nobody changes what was recorded', async () => {
      await assert.rejects(registries.gate.register(await fixture.release(), 'workload:gate'), DENIED);
      for (const user of EVERYDAY_USERS) {
        for (const table of ['approvals', 'verdicts', 'deployments'] as const) {
          await assert.rejects(db(user).updateTable(table).set({ unit_id: 'x' }).execute(), DENIED, `${user} ${table}`);
          await assert.rejects(db(user).deleteFrom(table).execute(), DENIED, `${user} ${table}`);
        }
        await assert.rejects(db(user).updateTable('versions').set({ manifest: '{}' }).execute(), DENIED, user);
        await assert.rejects(ground.say(user, ['create table public.mine ()']), /permission denied/, user);
        await assert.rejects(ground.say(user, ['drop table public.deployments']), /must be owner/, user);
      }
    });
  });
