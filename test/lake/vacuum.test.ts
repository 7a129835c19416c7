import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../app/clock/embedded.ts';
import { DAY, HOUR, type Micros } from '../../app/clock/port.ts';
import type { Lake, TableSpec } from '../../app/lake/port.ts';
import { freshLake } from './fresh-lake.ts';

const table: TableSpec = { name: 'shop.row', columns: [{ name: 'id', type: 'long', nullable: false }] };

const add = async (lake: Lake, ...ids: readonly number[]) =>
  lake.commit(table.name, {
    operation: 'WRITE',
    add: [
      await lake.stage(
        table.name,
        ids.map((id) => ({ id })),
      ),
    ],
  });

const ids = async (lake: Lake, version: number) =>
  (await lake.query<{ id: number }>('select id from shop.row order by id', { at: { [table.name]: version } })).map(
    ({ id }) => id,
  );

/** A lake whose clock the test moves forward from the present. */
async function timedLake() {
  let ahead: Micros = 0;
  const fresh = await freshLake({ now: () => systemClock.now() + ahead });
  await fresh.lake.ensureTable(table);
  return { ...fresh, pass: (time: Micros) => (ahead += time) };
}

test('vacuum keeps what retained versions need, and the version current when the retention began', async () => {
  const { lake, pass, end } = await timedLake();
  await add(lake, 1);
  await add(lake, 2);
  const old = await lake.compact(table.name);
  pass(2 * DAY);
  await add(lake, 3);
  const recent = await lake.snapshot(table.name);
  await lake.compact(table.name);
  pass(DAY);
  const { deleted } = await lake.vacuum(table.name, { retentionMs: (1.5 * DAY) / 1000 });
  assert.equal(deleted.length, 2);
  assert.deepEqual(await ids(lake, recent.version), [1, 2, 3]);
  assert.deepEqual(await ids(lake, old.version), [1, 2]);
  assert.deepEqual((await lake.vacuum(table.name, { retentionMs: 0 })).deleted.length, 2);
  assert.deepEqual(await ids(lake, (await lake.snapshot(table.name)).version), [1, 2, 3]);
  await assert.rejects(ids(lake, recent.version), { code: 'MR_LAKE_OBJECT_MISSING' });
  await end();
});

test('a staged file that was never committed goes once it is older than the retention, and cannot be committed then', async () => {
  const { lake, pass, end } = await timedLake();
  const staged = await lake.stage(table.name, [{ id: 1 }]);
  assert.deepEqual((await lake.vacuum(table.name, { retentionMs: HOUR / 1000 })).deleted, []);
  pass(2 * HOUR);
  assert.deepEqual((await lake.vacuum(table.name, { retentionMs: HOUR / 1000 })).deleted, [staged.key]);
  await assert.rejects(lake.commit(table.name, { operation: 'WRITE', add: [staged] }), {
    code: 'MR_LAKE_OBJECT_MISSING',
    value: staged.key,
  });
  await end();
});

test('old log entries go, an opener that was away finds the way back, and nobody overwrites a version', async () => {
  const { dir, lake, open, pass, end } = await timedLake();
  await add(lake, 0);
  const away = await open();
  assert.equal((await away.snapshot(table.name)).version, 1);
  for (let id = 1; id < 25; id += 1) await add(lake, id);
  pass(3 * DAY);
  await add(lake, 25);
  const { deleted } = await lake.vacuum(table.name, { retentionMs: 0 });
  assert.ok(
    deleted.some((key) => key.endsWith('00000000000000000002.json')),
    deleted.join('\n'),
  );
  assert.equal((await add(away, 26)).version, 27);
  assert.equal((await lake.snapshot(table.name)).rows, 27);
  assert.equal((await (await open()).snapshot(table.name)).rows, 27);
  const log = await readdir(join(dir, 'objects', 'lake', 'shop', 'row', '_delta_log'));
  assert.ok(!log.includes('00000000000000000002.json'));
  await end();
});

test('appends, compactions and vacuums in any order agree with a plain list', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    fc.record({ do: fc.constant('compact' as const), targetBytes: fc.constantFrom(800, 2_000, 1_000_000) }),
    fc.record({ do: fc.constant('vacuum' as const), hours: fc.integer({ min: 0, max: 48 }) }),
    fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const { lake, pass, end } = await timedLake();
      try {
        let next = 0;
        let now = 0;
        /** Rows and time of each version; what a vacuum let go is no longer asked for. */
        let model = [{ version: 0, hour: 0, rows: [] as readonly number[] }];
        for (const one of steps) {
          const last = model.at(-1);
          assert.ok(last);
          if (one.do === 'wait') {
            pass(one.hours * HOUR);
            now += one.hours;
          } else if (one.do === 'vacuum') {
            await lake.vacuum(table.name, { retentionMs: (one.hours * HOUR) / 1000 + 1 });
            const current = model.findLast(({ hour }) => hour < now - one.hours) ?? model[0];
            model = model.filter((entry) => entry.version >= (current?.version ?? 0));
          } else {
            const fresh = one.do === 'add' ? Array.from({ length: one.count }, () => next++) : [];
            const { version } = one.do === 'add' ? await add(lake, ...fresh) : await lake.compact(table.name, one);
            if (version > last.version) model.push({ version, hour: now, rows: [...last.rows, ...fresh] });
          }
        }
        for (const { version, rows } of model.slice(-6)) assert.deepEqual(await ids(lake, version), rows, `version ${version}`);
      } finally {
        await end();
      }
    }),
    { numRuns: 12 },
  );
});
