import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import { registerTables } from '../../app/lake/trino.ts';
import { warehouseOf } from '../../app/lake/warehouse-settings.ts';
import type { Settings } from '../../app/settings.ts';
import { millrace } from '../cli/front-door.ts';
import { everyType } from '../contracts/lake-rows.ts';
import { type S3Server, startS3 } from '../servers/versitygw.ts';
import { startTrino, type TrinoServer } from './trino.ts';

let s3: S3Server;
let bucket: S3Options;
let trino: TrinoServer;
let settings: Settings;

before(async () => {
  s3 = await startS3();
  bucket = await s3.bucket();
  // As docs/dials.md wants the warehouse's own key to be: it reads the tables, and writes its catalogue alone.
  const user = s3.user();
  const all = `arn:aws:s3:::${bucket.bucket}`;
  const grant = (Action: readonly string[], Resource: string) => ({ Effect: 'Allow', Principal: [user.name], Action, Resource });
  await s3.allow(bucket.bucket, [
    grant(['s3:ListBucket', 's3:GetBucketLocation'], all),
    grant(['s3:GetObject'], `${all}/lake/*`),
    grant(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], `${all}/warehouse/*`),
  ]);
  trino = await startTrino({ ...bucket, accessKeyFile: user.accessKeyFile, secretKeyFile: user.secretKeyFile });
  settings = {
    MILLRACE_WAREHOUSE_URL: trino.url,
    MILLRACE_WAREHOUSE_CA_FILE: trino.caFile,
    MILLRACE_WAREHOUSE_KEY_FILE: trino.keyFile,
    MILLRACE_OBJECTS_BUCKET: bucket.bucket,
  };
});
after(async () => {
  await trino?.stop();
  await s3?.stop();
});

const register = (tables: readonly string[], other: Settings = {}) => {
  const { trino: options, locationOf } = warehouseOf({ ...settings, ...other });
  return registerTables(options, tables, locationOf);
};

test('a table is known once it has a commit, stays known, and callers read what was written', async () => {
  assert.deepEqual(await register(['shop.event']), [{ table: 'shop.event', state: 'absent' }]);
  const lake = await openEmbeddedLake(await openS3Objects(bucket), { scratchDir: s3.folder(), clock: systemClock });
  const write = async (id: string) => {
    const row = { id, count: 5n, at: 1_767_225_600_123_456, items: ['x', 'y'], seen: true, vector: [0.5, -1.25] };
    await lake.commit(everyType.name, { operation: 'WRITE', add: [await lake.stage(everyType.name, [row])] });
  };
  await lake.ensureTable(everyType);
  await write('a');
  assert.deepEqual(await register(['shop.event', 'shop.none']), [
    { table: 'shop.event', state: 'registered' },
    { table: 'shop.none', state: 'absent' },
  ]);
  assert.deepEqual(await register(['shop.event']), [{ table: 'shop.event', state: 'known' }]);
  const select = 'select id, count, items, seen, vector, to_unixtime(at) from lake.shop.event order by id';
  const row = (id: string) => [id, 5, ['x', 'y'], true, [0.5, -1.25], 1_767_225_600.123];
  assert.deepEqual(await trino.ask(select), [row('a')]);
  await write('b');
  assert.deepEqual(await trino.ask(select), [row('a'), row('b')], 'a later commit is seen as well');
  await lake.close();
});

test('a caller changes nothing: no row, no table, no schema, and makes none known', async () => {
  await register(['shop.event']);
  const before = await trino.ask('select count(*) from lake.shop.event');
  for (const statement of [
    `insert into lake.shop.event (id) values ('z')`,
    'delete from lake.shop.event',
    'truncate table lake.shop.event',
    'drop table lake.shop.event',
    'alter table lake.shop.event add column more int',
    'create table lake.shop.mine (a int)',
    'create schema lake.mine',
    'drop schema lake.shop cascade',
    `call lake.system.unregister_table('shop', 'event')`,
    `call lake.system.register_table('shop', 'mine', 's3://elsewhere/mine')`,
    `call lake.system.vacuum('shop', 'event', '7d')`,
  ])
    assert.equal(await trino.ask(statement), 'PERMISSION_DENIED', statement);
  // Trino's rules let any reader rewrite files; the key of its own does not.
  assert.equal(typeof (await trino.ask('alter table lake.shop.event execute optimize')), 'string');
  assert.deepEqual(await trino.ask('select count(*) from lake.shop.event'), before);
});

test('nobody takes the name of who makes tables known without its key', async () => {
  const basic = (name: string) => `Basic ${Buffer.from(`${name}:`).toString('base64')}`;
  const whoami = (headers: Readonly<Record<string, string>>) => trino.ask('select current_user', headers);
  assert.deepEqual(await whoami({ 'x-trino-user': 'analyst' }), [['analyst']]);
  assert.equal(await whoami({ 'x-trino-user': 'millrace-tables' }), 'status 401');
  assert.equal(await whoami({ authorization: basic('millrace-tables') }), 'status 401');
  assert.equal(await whoami({ authorization: basic('analyst'), 'x-trino-user': 'millrace-tables' }), 'PERMISSION_DENIED');
  const wrong = { MILLRACE_WAREHOUSE_KEY_FILE: s3.file('Another8'.repeat(8)) };
  await assert.rejects(register(['shop.event'], wrong), { code: 'MR_LAKE_WAREHOUSE_REFUSED' });
});

test('the command makes the use case’s tables known by its settings', async () => {
  const child = spawn(process.execPath, [millrace, 'lake', 'register', '--usecase', 'retail', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...settings, MILLRACE_GROUND: 'cluster', MILLRACE_WORKLOAD: 'warehouse-tables' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 0);
  const tables = JSON.parse(text) as readonly { readonly table: string; readonly state: string }[];
  assert.ok(tables.some(({ table }) => table === 'retail.click'));
  assert.ok(tables.every(({ state }) => state === 'absent'));
});
