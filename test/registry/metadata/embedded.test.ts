import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sql } from 'kysely';
import { openEmbeddedMetadata } from '../../../app/registry/metadata/embedded.ts';
import { LAYOUT } from '../../../app/registry/metadata/migrations.ts';

const place = () => join(mkdtempSync(join(tmpdir(), 'millrace-metadata-')), 'metadata.sqlite');

/** Opens the store in another process, then counts a row up `times` times, a transaction each. */
const CHILD = `
  const { openEmbeddedMetadata } = await import(process.argv[1]);
  const store = await openEmbeddedMetadata(process.argv[2]);
  for (let i = 0; i < 50; i += 1)
    await store.db.transaction().execute(async (db) => {
      const row = await db.selectFrom('settings').select('value').where('name', '=', 'n').executeTakeFirst();
      const value = String(Number(row?.value ?? 0) + 1);
      await db.insertInto('settings').values({ name: 'n', value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute();
    });
  await store.close();
`;

async function child(file: string): Promise<number | null> {
  const module = new URL('../../../app/registry/metadata/embedded.ts', import.meta.url).href;
  const spawned = spawn(process.execPath, ['--input-type=module', '-e', CHILD, module, file], { stdio: 'inherit' });
  const [code] = (await once(spawned, 'exit')) as [number | null];
  return code;
}

test('two processes open an empty folder at once and lose no write', async () => {
  const file = place();
  assert.deepEqual(await Promise.all([child(file), child(file)]), [0, 0]);
  const { db, close } = await openEmbeddedMetadata(file);
  assert.deepEqual(await db.selectFrom('settings').selectAll().execute(), [{ name: 'n', value: '100' }]);
  assert.deepEqual(await db.selectFrom('layout').selectAll().execute(), [{ version: LAYOUT }]);
  await close();
});

test('a data folder of a newer version is refused by both numbers, and not touched', async () => {
  const file = place();
  const { db, close } = await openEmbeddedMetadata(file);
  await db
    .updateTable('layout')
    .set({ version: LAYOUT + 3 })
    .execute();
  await close();
  const before = readFileSync(file);
  await assert.rejects(openEmbeddedMetadata(file), (error: Error & { code: string; value: number; expected: string }) => {
    assert.equal(error.code, 'MR_REGISTRY_LAYOUT_NEWER');
    assert.equal(error.value, LAYOUT + 3);
    assert.equal(error.expected, `at most ${LAYOUT}`);
    return true;
  });
  assert.ok(before.equals(readFileSync(file)));
});

test('a file that is no database is named and left as it is', async () => {
  const file = place();
  writeFileSync(file, 'this is a shopping list, not a database. '.repeat(50));
  await assert.rejects(openEmbeddedMetadata(file), { code: 'MR_REGISTRY_METADATA_CORRUPT', value: file });
  assert.match(readFileSync(file, 'utf8'), /^this is a shopping list/);
});

test('commits go to a write-ahead log and are fsynced', async () => {
  const store = await openEmbeddedMetadata(place());
  const { rows: mode } = await sql`pragma journal_mode`.execute(store.db);
  const { rows: synchronous } = await sql`pragma synchronous`.execute(store.db);
  assert.deepEqual([mode, synchronous], [[{ journal_mode: 'wal' }], [{ synchronous: 2 }]]);
  await store.close();
});

test('a reader is not kept waiting by a writer, and a writer waits for one', async () => {
  const file = place();
  const store = await openEmbeddedMetadata(file);
  const other = new DatabaseSync(file);
  other.exec(`begin immediate; insert into settings values ('a', '1')`);
  assert.deepEqual(await store.db.selectFrom('settings').selectAll().execute(), []);
  const written = store.db.insertInto('settings').values({ name: 'b', value: '2' }).execute();
  await new Promise((resolve) => setTimeout(resolve, 120));
  other.exec('commit');
  await written;
  assert.equal((await store.db.selectFrom('settings').selectAll().execute()).length, 2);
  other.close();
  await store.close();
});
