import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { type ClickFileRequest, openClickFile } from '../../app/ingestion/file-replay.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { auditBatch } from '../../app/validation/batch.ts';
import { admit } from '../../app/validation/door.ts';
import { code } from './ground.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-replay-'));
});
after(() => rm(dir, { recursive: true }));

const MAP = { item_id: 'movieId', user_id: 'userId', event_time: 'timestamp' };
async function open(name: string, text: string, more: Partial<ClickFileRequest> = {}) {
  const path = join(dir, name);
  await writeFile(path, text);
  return openClickFile({ path, map: MAP, timeUnit: 's', set: { kind: 'view' }, usecase: retail, ...more });
}
const wires = async (file: Awaited<ReturnType<typeof openClickFile>>) => {
  const found: Record<string, unknown>[] = [];
  for await (const { wire } of file.events()) found.push(wire as Record<string, unknown>);
  return found;
};

const CSV = 'userId,movieId,rating,timestamp\nu2,m1,4,881250949\nu1,m2,5,881250900\nu1,m1,3,881337349\n';

test('a file of a person becomes events that the door admits, in the order of time, with a catalogue of its items', async () => {
  const file = await open('ratings.csv', CSV);
  assert.deepEqual([file.rows, file.from, file.to], [3, 881250900_000000, 881337349_000000]);
  const events = await wires(file);
  assert.deepEqual(
    events.map(({ user_id, item_id, kind }) => [user_id, item_id, kind]),
    [
      ['u1', 'm2', 'view'],
      ['u2', 'm1', 'view'],
      ['u1', 'm1', 'view'],
    ],
  );
  const clock = { now: () => file.to };
  for (const event of events) assert.equal(admit(retail.model.label.event, event, clock).ok, true);
  assert.deepEqual(file.tableRows('item'), [
    { item_id: 'm2', title: 'm2', category: 'unknown', price: null },
    { item_id: 'm1', title: 'm1', category: 'unknown', price: null },
  ]);
});

test('a second reading gives the same ids, another file others', async () => {
  const ids = async (text: string) => (await wires(await open('ids.csv', text))).map(({ event_id }) => event_id);
  const first = await ids(CSV);
  assert.deepEqual(await ids(CSV), first);
  assert.equal(new Set([...first, ...(await ids(`${CSV}u9,m9,1,881337350\n`))]).size, 7);
});

test('a file without a column that is seldom null passes the audit of a batch; one that fills it now and then does not', async () => {
  const rows = CSV + Array.from({ length: 60 }, (_, n) => `u${n},m${n},3,${881_337_400 + n}\n`).join('');
  const audit = async (file: Awaited<ReturnType<typeof openClickFile>>, usecase: typeof retail | typeof file.usecase) => {
    const [event] = usecase.events;
    assert.ok(event);
    const clock = { now: () => file.to };
    const admitted = (await wires(file)).flatMap((wire) => {
      const admission = admit(event, wire, clock);
      return admission.ok ? [admission.row] : [];
    });
    assert.equal(admitted.length, 63);
    return auditBatch(event, admitted, { clock, sealed: false }).faults.map(({ field, reason }) => `${field}: ${reason}`);
  };
  const priceless = await open('priceless.csv', rows);
  assert.deepEqual(await audit(priceless, retail), ['price: too many nulls']);
  assert.deepEqual(await audit(priceless, priceless.usecase), []);
  const lines = rows.trim().split('\n');
  const some = lines.map((line, n) => `${line},${n === 0 ? 'price' : n === 1 ? '9.5' : ''}`).join('\n');
  const gappy = await open('gappy.csv', some);
  assert.deepEqual(await audit(gappy, gappy.usecase), ['price: too many nulls']);
});

test("a person's id is not taken into a field that stays in the clear", async () => {
  await assert.rejects(open('leak.csv', CSV, { map: { ...MAP, session_id: 'userId' } }), code('MR_INGESTION_FLAG_INVALID'));
});

test('JSON lines, Parquet and every unit of time give the same events as CSV', async () => {
  const expected = (await wires(await open('same.csv', CSV))).map(({ user_id, item_id, event_time }) => [
    user_id,
    item_id,
    event_time,
  ]);
  const rows = [
    ['u2', 'm1', 881250949],
    ['u1', 'm2', 881250900],
    ['u1', 'm1', 881337349],
  ] as const;
  const lines = (time: (s: number) => unknown) =>
    rows.map(([userId, movieId, s]) => JSON.stringify({ userId, movieId, timestamp: time(s) })).join('\n');
  const iso = (s: number) => new Date(s * 1000).toISOString();
  const same = async (file: Awaited<ReturnType<typeof openClickFile>>) =>
    assert.deepEqual(
      (await wires(file)).map(({ user_id, item_id, event_time }) => [user_id, item_id, event_time]),
      expected,
    );
  await same(
    await open(
      's.jsonl',
      lines((s) => s),
    ),
  );
  await same(
    await open(
      'ms.jsonl',
      lines((s) => s * 1000),
      { timeUnit: 'ms' },
    ),
  );
  await same(
    await open(
      'us.jsonl',
      lines((s) => s * 1e6),
      { timeUnit: 'us' },
    ),
  );
  await same(await open('iso.jsonl', lines(iso), { timeUnit: 'iso' }));
  const path = join(dir, 'same.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `copy (select userId, movieId, epoch_ms(timestamp * 1000) as timestamp from read_csv('${join(dir, 'same.csv')}'))
     to '${path}' (format parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  await same(await openClickFile({ path, map: MAP, timeUnit: 'iso', set: { kind: 'view' }, usecase: retail }));
});

test('an error names file, line and column', async () => {
  await assert.rejects(open('time.csv', CSV.replace('881250900', 'soon')), /time\.csv, line 3, column timestamp: 'soon'/);
  await assert.rejects(open('empty.csv', CSV.replace('u1,m2', 'u1,')), /empty\.csv, line 3, column movieId/);
  await assert.rejects(open('wide.csv', CSV.replace('m2,5', 'm2,5,6')), /wide\.csv, line 3/);
  await assert.rejects(open('quote.csv', CSV.replace('m2', '"m2')), code('MR_INGESTION_FILE_BROKEN'));
  await assert.rejects(open('line.jsonl', '{"userId": "u"'), /line\.jsonl, line 1/);
});

test('a field without a column, a field that is not there, an empty and a missing file are refused', async () => {
  await assert.rejects(open('kind.csv', CSV, { set: {} }), (error: Error & { code?: string; field?: string }) => {
    assert.deepEqual([error.code, error.field], ['MR_INGESTION_COLUMN_UNMAPPED', '--map kind']);
    return true;
  });
  await assert.rejects(open('flag.csv', CSV, { set: { kind: 'view', colour: 'red' } }), code('MR_INGESTION_FLAG_INVALID'));
  await assert.rejects(open('none.csv', 'userId,movieId,timestamp\n'), code('MR_INGESTION_FILE_BROKEN'));
  await assert.rejects(open('rows.xlsx', CSV), code('MR_INGESTION_FILE_FORMAT'));
  const request = { path: join(dir, 'gone.csv'), map: {}, timeUnit: 's', set: {}, usecase: retail } as const;
  await assert.rejects(openClickFile(request), code('MR_INGESTION_FILE_MISSING'));
});
