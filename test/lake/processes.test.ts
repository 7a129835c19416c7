import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { TableSpec } from '../../app/lake/port.ts';
import { freshLake } from './fresh-lake.ts';

const table: TableSpec = { name: 'shop.row', columns: [{ name: 'id', type: 'string', nullable: false }] };

const child = (...args: readonly string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, 'writer-child.ts'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });

test('two processes that write and compact at once lose nothing, while a third reads', async () => {
  const { dir, lake, end } = await freshLake();
  try {
    await lake.ensureTable(table);
    const exits = ['a', 'b'].map(async (name) => once(child(dir, name, '25'), 'exit'));
    let done = false;
    const codes = Promise.all(exits).finally(() => {
      done = true;
    });
    let seen = 0;
    while (!done) {
      const [row] = await lake.query<{ n: number; distinct: number }>(
        'select count(*) as n, count(distinct id) as "distinct" from shop.row',
      );
      assert.equal(row?.n, row?.distinct);
      assert.ok((row?.n ?? 0) >= seen, 'rows never go back');
      seen = row?.n ?? 0;
      await setTimeout(20);
    }
    assert.deepEqual(
      (await codes).map(([code]) => code),
      [0, 0],
    );
    const rows = await lake.query<{ id: string }>('select id from shop.row order by id');
    const wanted = ['a', 'b'].flatMap((name) => Array.from({ length: 25 }, (_, index) => `${name}-${index}`));
    assert.deepEqual(
      rows.map(({ id }) => id),
      wanted.sort(),
    );
  } finally {
    await end();
  }
});

test('a writer killed at any moment leaves whole objects only, and the next one goes on', async () => {
  const { dir, lake, open, end } = await freshLake();
  try {
    await lake.ensureTable(table);
    for (const wait of [250, 330, 410]) {
      const writer = child(dir, `k${wait}`, '10000');
      const exit = once(writer, 'exit');
      await setTimeout(wait);
      writer.kill('SIGKILL');
      await exit;
    }
    const log = join(dir, 'objects', 'lake', 'shop', 'row', '_delta_log');
    for (const name of await readdir(log)) {
      if (name.endsWith('.json'))
        for (const line of (await readFile(join(log, name), 'utf8')).trimEnd().split('\n')) JSON.parse(line);
    }
    const other = await open();
    const { rows, txn } = await other.snapshot(table.name);
    assert.equal(
      rows,
      [...txn.values()].reduce((sum, version) => sum + version, 0),
    );
    assert.deepEqual(await other.query('select count(*) as n from shop.row'), [{ n: rows }]);
    await other.commit(table.name, { operation: 'WRITE', add: [await other.stage(table.name, [{ id: 'after' }])] });
    assert.equal((await lake.snapshot(table.name)).rows, rows + 1);
  } finally {
    await end();
  }
});

test('a full disk is named, and nothing half-written is kept', async (t) => {
  if (process.platform !== 'linux') return t.skip('the file size limit that stands for a full disk is set by the Linux shell');
  const { dir, lake, end } = await freshLake();
  try {
    await lake.ensureTable(table);
    // The limit of 64 KiB a file fails a write as a full disk does, without needing one.
    const program = `
      const { openEmbeddedObjects } = await import(${JSON.stringify(join(import.meta.dirname, '../../app/lake/object-store/embedded.ts'))});
      const store = await openEmbeddedObjects(${JSON.stringify(join(dir, 'objects'))});
      process.on('SIGXFSZ', () => undefined);
      for (const put of ['put', 'putIfAbsent']) {
        try { await store[put]('big', Buffer.alloc(1_000_000)); console.log('written'); } catch (error) { console.log(error.code); }
      }`;
    const stage = `
      const { openEmbeddedObjects } = await import(${JSON.stringify(join(import.meta.dirname, '../../app/lake/object-store/embedded.ts'))});
      const { openEmbeddedLake } = await import(${JSON.stringify(join(import.meta.dirname, '../../app/lake/embedded.ts'))});
      process.on('SIGXFSZ', () => undefined);
      const clock = { now: () => Date.now() * 1000 };
      const lake = await openEmbeddedLake(await openEmbeddedObjects(${JSON.stringify(join(dir, 'objects'))}), { clock, scratchDir: ${JSON.stringify(join(dir, 'scratch'))} });
      const rows = Array.from({ length: 60_000 }, (_, index) => ({ id: String(Math.sin(index)) }));
      try { await lake.stage('shop.row', rows); console.log('written'); } catch (error) { console.log(error.code ?? error); }
      await lake.close();`;
    const command = `ulimit -f 128; exec "$0" --input-type=module -e "$1"`;
    const run = spawnSync('/bin/sh', ['-c', command, process.execPath, program], { encoding: 'utf8' });
    assert.equal(run.stdout, 'MR_LAKE_DISK_FULL\nMR_LAKE_DISK_FULL\n', run.stderr);
    const staged = spawnSync('/bin/sh', ['-c', command, process.execPath, stage], { encoding: 'utf8' });
    assert.equal(staged.stdout, 'MR_LAKE_DISK_FULL\n', staged.stderr);
    assert.deepEqual(await readdir(join(dir, 'objects', '.staging')), []);
    assert.equal((await readdir(join(dir, 'objects'))).includes('big'), false);
    assert.equal((await lake.snapshot(table.name)).version, 0);
  } finally {
    await end();
  }
});
