import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lake, LakeRow, TableSpec } from '../../app/lake/port.ts';
import { freshLake } from './fresh-lake.ts';

const sales: TableSpec = {
  name: 'shop.sale',
  columns: [
    { name: 'id', type: 'string', nullable: false },
    { name: 'units', type: 'long', nullable: true },
    { name: 'price', type: 'double', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'items', type: 'string[]', nullable: true },
  ],
};

type Fresh = Awaited<ReturnType<typeof freshLake>>;
// biome-ignore lint/suspicious/noExplicitAny: the raw JSON of the log is what is checked
type Line = Record<string, any>;

const write = async (lake: Lake, rows: readonly LakeRow[], offset?: number) =>
  lake.commit(sales.name, {
    operation: 'WRITE',
    add: [await lake.stage(sales.name, rows)],
    ...(offset === undefined ? {} : { txn: [{ appId: 'sales-0', version: offset }] }),
  });

async function inLake(body: (fresh: Fresh, log: string) => Promise<void>): Promise<void> {
  const fresh = await freshLake();
  try {
    await fresh.lake.ensureTable(sales);
    await body(fresh, join(fresh.dir, 'objects', 'lake', 'shop', 'sale', '_delta_log'));
  } finally {
    await fresh.end();
  }
}

const commitFile = (version: number) => `${String(version).padStart(20, '0')}.json`;

const linesOf = async (log: string, version: number): Promise<readonly Line[]> =>
  (await readFile(join(log, commitFile(version)), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const find = (lines: readonly Line[], name: string) => lines.find((line) => name in line)?.[name];

test('commits have the shape of the public protocol, and the statistics are right', () =>
  inLake(async ({ lake }, log) => {
    const rows = [
      { id: 'b', units: 3, price: 2.5, at: 1_767_225_600_000_001, items: ['x'] },
      { id: 'a'.repeat(40), units: -1, price: null, at: null, items: null },
      { id: 'z'.repeat(40), units: 9_007_199_254_740_993n, price: -0.5, at: 1_767_225_600_999_999, items: [] },
    ];
    await write(lake, rows, 3);
    const created = await linesOf(log, 0);
    assert.deepEqual(find(created, 'protocol'), { minReaderVersion: 1, minWriterVersion: 2 });
    const { schemaString, ...metaData } = find(created, 'metaData');
    assert.deepEqual(metaData.format, { provider: 'parquet', options: {} });
    assert.deepEqual(metaData.partitionColumns, []);
    assert.match(metaData.id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      JSON.parse(schemaString).fields.map(({ name, type }: Line) => [name, type]),
      [
        ['id', 'string'],
        ['units', 'long'],
        ['price', 'double'],
        ['at', 'timestamp'],
        ['items', { type: 'array', elementType: 'string', containsNull: true }],
      ],
    );
    const lines = await linesOf(log, 1);
    assert.deepEqual(
      lines.map((line) => Object.keys(line)),
      [['commitInfo'], ['txn'], ['add']],
    );
    assert.equal(find(lines, 'commitInfo').operation, 'WRITE');
    assert.equal(find(lines, 'txn').appId, 'sales-0');
    assert.equal(find(lines, 'txn').version, 3);
    const add = find(lines, 'add');
    assert.deepEqual(add.partitionValues, {});
    assert.equal(add.dataChange, true);
    assert.equal(add.size, (await readFile(join(log, '..', add.path))).length);
    // The long is not JSON.parse's to read: it would round it.
    assert.match(add.stats, /"maxValues":\{[^}]*"units":9007199254740993/);
    const stats = JSON.parse(add.stats);
    assert.equal(stats.numRecords, 3);
    assert.deepEqual(stats.nullCount, { id: 0, units: 0, price: 1, at: 1, items: 1 });
    assert.deepEqual(stats.minValues, { id: 'a'.repeat(32), units: -1, price: -0.5, at: '2026-01-01T00:00:00.000Z' });
    assert.equal(stats.maxValues.id, `${'z'.repeat(32)}\u{10ffff}`);
    assert.equal(stats.maxValues.at, '2026-01-01T00:00:01.000Z');
  }));

test('a compaction only moves rows: every action has dataChange false', () =>
  inLake(async ({ lake }, log) => {
    for (const id of ['a', 'b']) await write(lake, [{ id }]);
    const { version } = await lake.compact(sales.name);
    const lines = (await linesOf(log, version)).slice(1);
    assert.deepEqual(
      lines.map((line) => Object.keys(line)[0]),
      ['remove', 'remove', 'add'],
    );
    for (const line of lines) assert.equal(Object.values(line)[0].dataChange, false);
  }));

test('a table is read from its checkpoint alone, with offsets and evolved columns', () =>
  inLake(async ({ lake, open }, log) => {
    const wider = { ...sales, columns: [...sales.columns, { name: 'extra', type: 'long', nullable: true } as const] };
    for (let index = 1; index <= 8; index += 1) await write(lake, [{ id: `r${index}` }], index);
    await lake.ensureTable(wider);
    await write(lake, [{ id: 'r10', extra: 1 }], 10);
    assert.deepEqual(JSON.parse(await readFile(join(log, '_last_checkpoint'), 'utf8')).version, 10);
    await write(lake, [{ id: 'r11' }], 11);
    for (const version of Array.from({ length: 11 }, (_, index) => index)) await rm(join(log, commitFile(version)));
    for (const hint of ['there', 'gone']) {
      if (hint === 'gone') await rm(join(log, '_last_checkpoint'));
      const other = await open();
      const snapshot = await other.snapshot(sales.name);
      assert.deepEqual([snapshot.version, snapshot.rows, snapshot.txn.get('sales-0')], [11, 10, 11]);
      assert.deepEqual(await other.query('select count(*) as n, sum(extra) as extra from shop.sale'), [{ n: 10, extra: 1 }]);
      await assert.rejects(other.snapshot(sales.name, 9), { code: 'MR_LAKE_VERSION_UNKNOWN', expected: '10 to 11' });
      assert.equal((await other.snapshot(sales.name, 10)).rows, 9);
    }
    assert.equal((await write(lake, [{ id: 'r12' }], 12)).version, 12);
  }));

test('a gap in the log is named, not read over', () =>
  inLake(async ({ lake, open }, log) => {
    for (const id of ['a', 'b', 'c']) await write(lake, [{ id }]);
    await rm(join(log, commitFile(2)));
    await rm(join(log, commitFile(1)));
    const other = await open();
    await assert.rejects(other.snapshot(sales.name, 3), /version|missing/);
    await writeFile(join(log, commitFile(1)), 'not json\n');
    await assert.rejects((await open()).snapshot(sales.name), { code: 'MR_LAKE_LOG_CORRUPT' });
  }));

test('a table of a newer protocol is refused by name, and a newer writer version still reads', () =>
  inLake(async ({ lake, open }, log) => {
    await write(lake, [{ id: 'a' }]);
    const next = (version: number, protocol: Line) =>
      writeFile(join(log, commitFile(version)), `${JSON.stringify({ protocol })}\n`);
    await next(2, { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking'] });
    assert.equal((await lake.snapshot(sales.name)).rows, 1);
    await assert.rejects(write(lake, [{ id: 'b' }]), {
      code: 'MR_LAKE_PROTOCOL_UNSUPPORTED',
      field: 'protocol.minWriterVersion',
    });
    await next(3, {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors'],
    });
    await assert.rejects((await open()).snapshot(sales.name), /shop\.sale.*minReaderVersion is 3, expected at most 1/);
  }));

test('a corrupt, a cut and a missing data file are named', () =>
  inLake(async ({ lake }, log) => {
    const { files } = await write(
      lake,
      Array.from({ length: 2_000 }, (_, index) => ({ id: `row ${index}`, price: Math.sin(index) })),
    );
    const path = join(log, '..', '..', '..', '..', files[0] ?? '');
    const whole = await readFile(path);
    const torn = Buffer.from(whole);
    torn.fill(0xff, 40, 400);
    for (const broken of [torn, whole.subarray(0, whole.length - 100), Buffer.from('no parquet')]) {
      await writeFile(path, broken);
      await assert.rejects(lake.query('select sum(price), max(id) from shop.sale'), {
        code: 'MR_LAKE_PARQUET_CORRUPT',
        field: files[0],
      });
    }
    await rm(path);
    await assert.rejects(lake.query('select * from shop.sale'), { code: 'MR_LAKE_OBJECT_MISSING', field: files[0] });
  }));

test('a file that another writer added without statistics is counted by its footer', () =>
  inLake(async ({ lake }, log) => {
    const { files } = await write(lake, [{ id: 'a' }, { id: 'b' }]);
    await mkdir(join(log, '..'), { recursive: true });
    await copyFile(join(log, '..', '..', '..', '..', files[0] ?? ''), join(log, '..', 'foreign file.parquet'));
    const { length: size } = await readFile(join(log, '..', 'foreign file.parquet'));
    const add = { path: 'foreign%20file.parquet', partitionValues: {}, size, modificationTime: 1, dataChange: true };
    await writeFile(join(log, commitFile(2)), `${JSON.stringify({ add })}\n`);
    assert.equal((await lake.snapshot(sales.name)).rows, 4);
    assert.deepEqual(await lake.query('select count(*) as n from shop.sale'), [{ n: 4 }]);
    assert.ok((await readdir(log)).length >= 3);
  }));
