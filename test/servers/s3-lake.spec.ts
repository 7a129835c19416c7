import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import type { Lake } from '../../app/lake/port.ts';
import { lakeContract } from '../contracts/lake.ts';
import { everyType } from '../contracts/lake-rows.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

/** Lakes over one bucket, each with a client and a scratch folder of its own, as two pods have. */
async function lakesOn(options: S3Options) {
  const closing: (() => Promise<void>)[] = [];
  const open = async (limits: { readonly copyBytes?: number } = {}) => {
    const objects = await openS3Objects(options);
    const scratchDir = server.folder();
    const lake = await openEmbeddedLake(objects, { scratchDir, clock: systemClock, ...limits });
    closing.push(() => lake.close(), objects.close);
    return Object.assign(lake, { scratchDir });
  };
  const end = async () => {
    for (const close of closing) await close();
  };
  return { open, end };
}

lakeContract('lake on S3', async () => {
  const { open, end } = await lakesOn(await server.bucket());
  return { lake: await open(), open, end };
});

const rows = (letter: string, count: number) => Array.from({ length: count }, (_, index) => ({ id: `${letter}-${index}` }));
const bytesIn = async (folder: string): Promise<number> => {
  const names = await readdir(folder, { recursive: true });
  const infos = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return infos.reduce((sum, info) => sum + (info?.isFile() === true ? info.size : 0), 0);
};

test('two clients that commit the same version at once: one wins it, and neither loses rows', async () => {
  const { open, end } = await lakesOn(await server.bucket());
  try {
    const [one, two] = [await open(), await open()];
    await one.ensureTable(everyType);
    const commit = async (lake: Lake, letter: string) =>
      lake.commit(everyType.name, {
        operation: 'WRITE',
        add: [await lake.stage(everyType.name, rows(letter, 10))],
        txn: [{ appId: 'clicks-0', version: 1, after: 0 }],
      });
    // Both have read the same version and hold the same offsets: only one of the two batches may count.
    await Promise.all([one.snapshot(everyType.name), two.snapshot(everyType.name)]);
    const [first, second] = await Promise.all([commit(one, 'a'), commit(two, 'b')]);
    assert.deepEqual([first.version, second.version], [1, 1]);
    assert.equal((await one.snapshot(everyType.name)).rows, 10);
    const [row] = await two.query('select count(*) as n, count(distinct left(id, 1)) as writers from shop.event');
    assert.deepEqual(row, { n: 10, writers: 1 });
  } finally {
    await end();
  }
});

test('queries at once over more than the copies may take are answered or refused, never broken', async () => {
  const { open, end } = await lakesOn(await server.bucket());
  try {
    const writer = await open();
    const names = ['shop.a', 'shop.b', 'shop.c', 'shop.d'];
    let largest = 0;
    for (const name of names) {
      await writer.ensureTable({ ...everyType, name });
      let bytes = 0;
      for (let part = 0; part < 3; part += 1) {
        const staged = await writer.stage(name, rows(`${name}${part}`, 2_000));
        await writer.commit(name, { operation: 'WRITE', add: [staged] });
        bytes += staged.bytes;
      }
      largest = Math.max(largest, bytes);
    }
    const copyBytes = Math.ceil(largest * 2.5);
    const reader = await open({ copyBytes });
    const tally = { answered: 0, refused: 0 };
    const ask = async (names: readonly string[]) => {
      try {
        const sql = names.map((name) => `select count(*) as n, count(distinct id) as d from ${name}`).join(' union all ');
        for (const row of await reader.query(sql)) assert.deepEqual(row, { n: 6_000, d: 6_000 });
        tally.answered += 1;
      } catch (error) {
        assert.equal((error as { readonly code?: string }).code, 'MR_LAKE_SCRATCH_FULL');
        tally.refused += 1;
      }
    };
    for (let round = 0; round < 6; round += 1) {
      const pairs = names.map((name, index) => [name, names[(index + round) % names.length] ?? name]);
      await Promise.all([...pairs.map(ask), ask(names)]);
      await ask([names[round % names.length] ?? '']);
      assert.ok((await bytesIn(reader.scratchDir)) <= copyBytes);
    }
    assert.ok(tally.answered >= 6 && tally.refused >= 6, JSON.stringify(tally));
  } finally {
    await end();
  }
});

test('a data file that was damaged in the store is named, and read anew once it is mended', async () => {
  const options = await server.bucket();
  const { open, end } = await lakesOn(options);
  const objects = await openS3Objects(options);
  try {
    const lake = await open();
    await lake.ensureTable(everyType);
    const staged = await lake.stage(everyType.name, rows('a', 100));
    await lake.commit(everyType.name, { operation: 'WRITE', add: [staged] });
    const whole = await objects.get(staged.key);
    const damaged = Buffer.from(whole);
    damaged.fill(0, 4, 200);
    await objects.put(staged.key, damaged);
    const ask = () => lake.query('select max(id) as id from shop.event');
    await assert.rejects(ask(), { code: 'MR_LAKE_PARQUET_CORRUPT', field: staged.key });
    await objects.put(staged.key, whole);
    assert.deepEqual(await ask(), [{ id: 'a-99' }]);
    await objects.delete(staged.key);
    assert.deepEqual(await ask(), [{ id: 'a-99' }], 'the copy of a file that nothing needs to fetch again');
    await assert.rejects((await open()).query('select max(id) as id from shop.event'), { code: 'MR_LAKE_OBJECT_MISSING' });
  } finally {
    await objects.close();
    await end();
  }
});
