import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openS3Objects, type S3ObjectStore } from '../../app/lake/object-store/s3.ts';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import type { Lake, TableSpec } from '../../app/lake/port.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { grantedOn } from './s3-grants.ts';
import { openPath } from './s3-path.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

const body = (text: string) => Buffer.from(text);
const columns: TableSpec['columns'] = [{ name: 'id', type: 'string', nullable: false }];

/** The bucket as the workload opens it, with exactly its rights. */
async function asWorkload<T>(
  bucket: S3Options,
  workload: string,
  work: (lake: Lake, objects: S3ObjectStore) => Promise<T>,
): Promise<T> {
  const declaration = workloadsOf(retail).find(({ name }) => name === workload);
  assert.ok(declaration, workload);
  const { name, ...keys } = server.user();
  await server.allow(bucket.bucket, await grantedOn(declaration, { lake: bucket.bucket }, name));
  const objects = await openS3Objects({ ...bucket, ...keys });
  const lake = await openEmbeddedLake(objects, { scratchDir: server.folder(), clock: systemClock });
  try {
    return await work(lake, objects);
  } finally {
    await lake.close();
    await objects.close();
  }
}

const add = async (lake: Lake, table: string, id: string) =>
  lake.commit(table, { operation: 'WRITE', add: [await lake.stage(table, [{ id }])] });
const refused = { code: 'MR_LAKE_STORE_REFUSED' };

test('a workload with the rights that are granted for what it declares does its work, and no other', async () => {
  const bucket = await server.bucket();
  await asWorkload(bucket, 'sink', async (lake, objects) => {
    assert.equal(await lake.has('retail.click'), false);
    for (const name of ['retail.click', 'retail.click_quarantine']) await lake.ensureTable({ name, columns });
    for (let index = 0; index < 12; index += 1) await add(lake, 'retail.click', `click-${index}`);
    assert.deepEqual(await lake.query('select count(*) as n from retail.click c where c.id <> $none', { params: { none: '' } }), [
      { n: 12 },
    ]);
    await assert.rejects(lake.ensureTable({ name: 'fraud.order', columns }), refused);
    await assert.rejects(objects.put('releases/retail-recommender/x/model.onnx', body('x')), refused);
    await assert.rejects(objects.delete('lake/retail/click/_delta_log/00000000000000000000.json'), refused);
    await assert.rejects(lake.tables(), refused);
  });
  await asWorkload(bucket, 'retrain', async (lake, objects) => {
    assert.deepEqual(await lake.query('select count(c.id) as n from retail.click c'), [{ n: 12 }]);
    assert.equal(await objects.putIfAbsent('releases/retail-recommender/x/model.onnx', body('x')), true);
    assert.equal(await objects.putIfAbsent('releases/retail-recommender/x/model.onnx', body('y')), false);
    await assert.rejects(add(lake, 'retail.click', 'forged'), refused);
    await assert.rejects(lake.compact('retail.click'), refused);
  });
  await asWorkload(bucket, 'compact', async (lake, objects) => {
    assert.equal((await lake.compact('retail.click')).files.length, 1);
    await assert.rejects(objects.get('releases/retail-recommender/x/model.onnx'), refused);
  });
  await asWorkload(bucket, 'vacuum', async (lake) => {
    assert.ok((await lake.vacuum('retail.click', { retentionMs: 0 })).deleted.length >= 12);
    assert.deepEqual(await lake.query('select count(*) as n from retail.click'), [{ n: 12 }]);
  });
});

test('where a missing key is answered as forbidden, the listing tells the two apart', async () => {
  const options = await server.bucket();
  const { caFile = '', ...plain } = options;
  const path = await openPath(server.port, readFileSync(caFile), (request) =>
    /^(GET|HEAD) .*\/key/.test(request) ? 'forbid' : 'pass',
  );
  const store = await openS3Objects({ ...plain, endpoint: path.endpoint });
  try {
    await assert.rejects(store.get('a/key'), { code: 'MR_LAKE_OBJECT_MISSING', value: 'a/key' });
    assert.equal(await store.has('a/key'), false);
    await store.put('a/key-2', body('x'));
    await assert.rejects(store.get('a/key'), { code: 'MR_LAKE_OBJECT_MISSING' });
    await store.put('a/key', body('x'));
    await assert.rejects(store.get('a/key'), refused);
    await assert.rejects(store.has('a/key'), refused);
  } finally {
    await store.close();
    await path.close();
  }
});
