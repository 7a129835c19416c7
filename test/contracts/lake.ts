import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lake, LakeRow, TableSpec } from '../../app/lake/port.ts';
import { everyType, full, idsOf, nothing } from './lake-rows.ts';

/** What every lake promises. Each test gets an empty lake; `open` opens the same one again, as another process would. */
export function lakeContract(
  name: string,
  start: () => Promise<{ lake: Lake; open(): Promise<Lake>; end(): Promise<void> }>,
): void {
  const it = (title: string, body: (lake: Lake, open: () => Promise<Lake>) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const { lake, open, end } = await start();
      try {
        await body(lake, open);
      } finally {
        await end();
      }
    });
  const add = async (lake: Lake, ...ids: readonly string[]) =>
    lake.commit(everyType.name, {
      operation: 'WRITE',
      add: [
        await lake.stage(
          everyType.name,
          ids.map((id) => ({ id })),
        ),
      ],
    });
  const ids = async (lake: Lake, version?: number) =>
    idsOf(
      await lake.query('select id from shop.event order by id', version === undefined ? {} : { at: { 'shop.event': version } }),
    );

  it('gives back every type as it was written, and nulls', async (lake) => {
    await lake.ensureTable(everyType);
    const staged = await lake.stage(everyType.name, [
      full,
      { id: 'none' },
      { id: 'empty', items: [], vector: [], sealed: Buffer.alloc(0) },
    ]);
    assert.equal(staged.rows, 3);
    await lake.commit(everyType.name, { operation: 'WRITE', add: [staged] });
    assert.deepEqual(await lake.query('select * from shop.event order by id'), [
      { ...nothing, id: 'empty', items: [], vector: [], sealed: Buffer.alloc(0) },
      full,
      { ...nothing, id: 'none' },
    ]);
  });

  it('an empty table is read as no rows with its columns', async (lake) => {
    await lake.ensureTable(everyType);
    assert.deepEqual(await lake.query('select count(*) as n, max("at") as newest from shop.event'), [{ n: 0, newest: null }]);
    assert.equal((await lake.snapshot(everyType.name)).rows, 0);
  });

  it('staged rows are invisible until they are committed', async (lake) => {
    await lake.ensureTable(everyType);
    const staged = await lake.stage(everyType.name, [{ id: 'a' }]);
    assert.deepEqual(await ids(lake), []);
    await lake.commit(everyType.name, { operation: 'WRITE', add: [staged] });
    assert.deepEqual(await ids(lake), ['a']);
  });

  it('a version is read as it was, by pin and by snapshot', async (lake) => {
    await lake.ensureTable(everyType);
    const first = await add(lake, 'a');
    const second = await add(lake, 'b', 'c');
    assert.deepEqual(await ids(lake, first.version), ['a']);
    assert.deepEqual(await ids(lake), ['a', 'b', 'c']);
    assert.deepEqual((await lake.snapshot(everyType.name, first.version)).files, first.files);
    assert.equal((await lake.snapshot(everyType.name)).version, second.version);
    const history = await lake.history(everyType.name);
    assert.deepEqual(
      history.map(({ version }) => version),
      [2, 1, 0],
    );
    assert.equal(history[0]?.operation, 'WRITE');
  });

  it('two pins of one table are read at the same time', async (lake) => {
    await lake.ensureTable(everyType);
    for (const id of ['a', 'b', 'c']) await add(lake, id);
    const results = await Promise.all([1, 2, 3].map((version) => ids(lake, version)));
    assert.deepEqual(results, [['a'], ['a', 'b'], ['a', 'b', 'c']]);
  });

  it('rows and consumer offsets are one commit, and an offset at or behind the table is a no-op', async (lake) => {
    await lake.ensureTable(everyType);
    const txn = [{ appId: 'clicks-0', version: 7 }];
    const change = async () => ({ operation: 'WRITE', add: [await lake.stage(everyType.name, [{ id: 'a' }])], txn });
    const first = await lake.commit(everyType.name, await change());
    const again = await lake.commit(everyType.name, await change());
    assert.equal(again.version, first.version);
    assert.deepEqual([...again.txn], [['clicks-0', 7]]);
    assert.deepEqual(await ids(lake), ['a']);
  });

  it('a commit that does not continue from the offsets of the table is a no-op', async (lake) => {
    await lake.ensureTable(everyType);
    await lake.commit(everyType.name, { operation: 'WRITE', txn: [{ appId: 'clicks-0', version: 7, after: 0 }] });
    const add = [await lake.stage(everyType.name, [{ id: 'overlapping' }])];
    const continuing = (after: number) =>
      lake.commit(everyType.name, { operation: 'WRITE', add, txn: [{ appId: 'clicks-0', version: 9, after }] });
    assert.equal((await continuing(5)).txn.get('clicks-0'), 7);
    assert.deepEqual(await ids(lake), []);
    assert.equal((await continuing(7)).txn.get('clicks-0'), 9);
  });

  it('an offset that is a condition alone is looked at and not written', async (lake) => {
    await lake.ensureTable(everyType);
    await lake.commit(everyType.name, { operation: 'WRITE', txn: [{ appId: 'turn', version: 4 }] });
    for (const [id, turn] of Object.entries({ no: 3, never: 5, first: 4, second: 4 })) {
      const add = [await lake.stage(everyType.name, [{ id }])];
      await lake.commit(everyType.name, { operation: 'WRITE', add, txn: [{ appId: 'turn', version: turn, after: turn }] });
    }
    assert.deepEqual([(await lake.snapshot(everyType.name)).txn.get('turn'), await ids(lake)], [4, ['first', 'second']]);
  });

  it('added nullable columns are null in older rows, and any other change is refused', async (lake) => {
    await lake.ensureTable(everyType);
    await add(lake, 'old');
    const wider = { ...everyType, columns: [...everyType.columns, { name: 'extra', type: 'long', nullable: true } as const] };
    await lake.ensureTable(wider);
    await lake.commit(everyType.name, { operation: 'WRITE', add: [await lake.stage(everyType.name, [{ id: 'new', extra: 4 }])] });
    assert.deepEqual(await lake.query('select id, extra from shop.event order by id'), [
      { id: 'new', extra: 4 },
      { id: 'old', extra: null },
    ]);
    assert.deepEqual(await lake.query('select * from shop.event', { at: { 'shop.event': 1 } }), [{ ...nothing, id: 'old' }]);
    const columns = wider.columns;
    const refused: readonly TableSpec['columns'][] = [
      columns.slice(1),
      columns.map((column) => (column.name === 'price' ? { ...column, type: 'long' } : column)),
      columns.map((column) => (column.name === 'price' ? { ...column, nullable: false } : column)),
      [...columns, { name: 'required', type: 'long', nullable: false }],
    ];
    for (const wrong of refused)
      await assert.rejects(lake.ensureTable({ name: everyType.name, columns: wrong }), { code: 'MR_LAKE_SCHEMA_CONFLICT' });
  });

  it('compaction keeps the rows and the offsets, and older versions stay readable', async (lake) => {
    await lake.ensureTable(everyType);
    for (const id of ['a', 'b', 'c', 'd']) await add(lake, id);
    await lake.commit(everyType.name, { operation: 'WRITE', txn: [{ appId: 'x', version: 3 }] });
    const before = await lake.snapshot(everyType.name);
    const after = await lake.compact(everyType.name);
    assert.equal(before.files.length, 4);
    assert.equal(after.files.length, 1);
    assert.equal(after.rows, 4);
    assert.equal(after.txn.get('x'), 3);
    assert.deepEqual(await ids(lake), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await ids(lake, before.version), ['a', 'b', 'c', 'd']);
    assert.equal((await lake.compact(everyType.name)).version, after.version);
  });

  it('two compactions at once keep every row once', async (lake, open) => {
    await lake.ensureTable(everyType);
    const other = await open();
    for (const id of ['a', 'b', 'c', 'd']) await add(lake, id);
    await Promise.all([lake.compact(everyType.name), other.compact(everyType.name)]);
    assert.deepEqual(await ids(lake), ['a', 'b', 'c', 'd']);
    assert.equal((await other.snapshot(everyType.name)).files.length, 1);
  });

  it('another opener sees every commit, and adds to it', async (lake, open) => {
    await lake.ensureTable(everyType);
    const other = await open();
    await add(lake, 'a');
    await add(other, 'b');
    await add(lake, 'c');
    assert.deepEqual(await ids(other), ['a', 'b', 'c']);
    assert.deepEqual(await ids(lake), ['a', 'b', 'c']);
    assert.deepEqual(await other.tables(), [everyType.name]);
  });

  it('two writers at once lose nothing', async (lake, open) => {
    await lake.ensureTable(everyType);
    const other = await open();
    const write = async (one: Lake, letter: string) => {
      for (let index = 0; index < 12; index += 1) await add(one, `${letter}${index}`);
    };
    await Promise.all([write(lake, 'a'), write(other, 'b')]);
    const snapshot = await lake.snapshot(everyType.name);
    assert.equal(snapshot.version, 24);
    assert.equal(new Set(await ids(lake)).size, 24);
  });

  it('parameters are bound, and results stream in chunks', async (lake) => {
    await lake.ensureTable(everyType);
    const rows = Array.from({ length: 5_000 }, (_, index) => ({ id: `i${index}`, count: index, at: index }));
    await lake.commit(everyType.name, { operation: 'WRITE', add: [await lake.stage(everyType.name, rows)] });
    const params = { least: 10, most: 1.5e3, at: 1_400, ids: ['i11', 'i1399', 'i1401'], none: null };
    const sql = `select id from shop.event where count > $least and count < $most and "at" <= make_timestamptz($at)
      and id in (select unnest($ids)) and $none is null order by id`;
    assert.deepEqual(await lake.query(sql, { params }), [{ id: 'i11' }, { id: 'i1399' }]);
    let sum = 0;
    let chunks = 0;
    for await (const chunk of lake.stream('select count from shop.event')) {
      chunks += 1;
      for (let index = 0; index < chunk.rows; index += 1) sum += Number(chunk.columns.count?.[index]);
    }
    assert.equal(sum, (4_999 * 5_000) / 2);
    assert.ok(chunks > 1);
  });

  it('names what does not exist or does not fit', async (lake) => {
    await assert.rejects(lake.snapshot('shop.none'), { code: 'MR_LAKE_TABLE_UNKNOWN', value: 'shop.none' });
    await assert.rejects(lake.ensureTable({ ...everyType, name: '../shop' }), { code: 'MR_LAKE_TABLE_NAME' });
    await lake.ensureTable(everyType);
    await add(lake, 'a');
    await assert.rejects(lake.snapshot(everyType.name, 9), /shop\.event has no version 9; it has 0 to 1/);
    await assert.rejects(ids(lake, 9), { code: 'MR_LAKE_VERSION_UNKNOWN', value: 9, expected: '0 to 1' });
    await assert.rejects(lake.query('select nope from shop.event'), { code: 'MR_LAKE_QUERY_INVALID' });
    await assert.rejects(lake.query('select * from shop.none'), { code: 'MR_LAKE_QUERY_INVALID' });
    await assert.rejects(lake.query("copy (select 1) to 'x.csv'"), { code: 'MR_LAKE_QUERY_INVALID' });
    const wrong: readonly LakeRow[] = [{ id: null }, { id: 'a', price: 'dear' }, { id: 'a', count: 0.5 }, { id: 'a', other: 1 }];
    for (const row of wrong)
      await assert.rejects(lake.stage(everyType.name, [{ id: 'fits' }, row]), { code: 'MR_LAKE_ROW_INVALID' });
  });
}
