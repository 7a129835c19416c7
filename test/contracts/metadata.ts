import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metadata } from '../../app/registry/metadata/port.ts';

/** A place that keeps its rows from one opening to the next; several may be open at once. */
export interface MetadataPlace {
  open(): Promise<Metadata>;
}

const MICROS_OF_2255 = 9_007_199_254_740_991;

/** What every metadata store promises. `place` makes a fresh, empty one. */
export function metadataContract(name: string, place: () => Promise<MetadataPlace>): void {
  const version = (number: number) => ({
    model: 'm',
    version: number,
    unit_id: `unit-${number}`,
    state: 'candidate' as const,
    author: 'ann',
    created_at: MICROS_OF_2255,
    manifest: '{"ä":"\u0000\ud83d\ude00"}',
    signature: '{}',
  });

  const rowsOf = async (store: Metadata) =>
    (await store.db.selectFrom('settings').selectAll().orderBy('name').execute()).map(({ name: row }) => row);

  test(`${name}: rows come back as they went in, also after opening again`, async () => {
    const where = await place();
    const first = await where.open();
    await first.db.insertInto('versions').values(version(1)).execute();
    await first.close();
    const second = await where.open();
    assert.deepEqual(await second.db.selectFrom('versions').selectAll().execute(), [version(1)]);
    await second.close();
  });

  test(`${name}: a transaction that throws leaves nothing`, async () => {
    const store = await (await place()).open();
    const half = store.db.transaction().execute(async (db) => {
      await db.insertInto('settings').values({ name: 'a', value: '1' }).execute();
      throw new Error('power cut');
    });
    await assert.rejects(half, /power cut/);
    assert.deepEqual(await rowsOf(store), []);
    await store.close();
  });

  test(`${name}: transactions at once do not see each other's halves, and none is lost`, async () => {
    const where = await place();
    const stores = [await where.open(), await where.open()];
    await stores[0]?.db.insertInto('settings').values({ name: 'counter', value: '0' }).execute();
    const countUp = (store: Metadata) =>
      store.db.transaction().execute(async (db) => {
        const { value } = await db.selectFrom('settings').select('value').where('name', '=', 'counter').executeTakeFirstOrThrow();
        await new Promise(setImmediate);
        await db
          .updateTable('settings')
          .set({ value: String(Number(value) + 1) })
          .where('name', '=', 'counter')
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, (_, i) => countUp(stores[i % 2] as Metadata)));
    const row = await stores[0]?.db.selectFrom('settings').select('value').executeTakeFirst();
    assert.equal(row?.value, '20');
    for (const store of stores) await store.close();
  });

  test(`${name}: keys are unique and references hold`, async () => {
    const { db, close } = await (await place()).open();
    await db.insertInto('versions').values(version(1)).execute();
    await assert.rejects(db.insertInto('versions').values(version(1)).execute());
    await assert.rejects(
      db
        .insertInto('versions')
        .values({ ...version(2), unit_id: 'unit-1' })
        .execute(),
    );
    await assert.rejects(db.insertInto('aliases').values({ model: 'm', alias: 'champion', version: 7, at: 1 }).execute());
    const upload = { source: 's', name: 'n', sha256: 'x', rows: 1, state: 'done' as const, next_row: 1, at: 1 };
    await db.insertInto('uploads').values(upload).execute();
    await assert.rejects(
      db
        .insertInto('uploads')
        .values({ ...upload, name: 'the same bytes again' })
        .execute(),
    );
    await close();
  });

  test(`${name}: rows are numbered in the order they came`, async () => {
    const { db, close } = await (await place()).open();
    await db.insertInto('versions').values(version(1)).execute();
    for (const approver of ['ann', 'bob', 'cy'])
      await db
        .insertInto('approvals')
        .values({ model: 'm', version: 1, unit_id: 'u', approver, at: 1, signature: '{}' })
        .execute();
    const rows = await db.selectFrom('approvals').select('approver').orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ approver }) => approver),
      ['ann', 'bob', 'cy'],
    );
    await close();
  });

  test(`${name}: rows stream, and an upsert replaces`, async () => {
    const store = await (await place()).open();
    for (const value of ['1', '2'])
      await store.db
        .insertInto('settings')
        .values({ name: 'a', value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    const seen = [];
    for await (const row of store.db.selectFrom('settings').selectAll().stream()) seen.push(row);
    assert.deepEqual(seen, [{ name: 'a', value: '2' }]);
    await store.close();
  });
}
