import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Serving } from '../../app/serving/server.ts';
import { type Fixture, ITEMS, openFixture } from './fixture.ts';

const MODEL = '/v2/models/retail-recommender';
let fixture: Fixture;
let serving: Serving;

before(async () => {
  fixture = await openFixture();
  await fixture.click('user-1', ['item-03']);
  await fixture.promote(await fixture.release(1));
  serving = await fixture.start();
});
after(() => fixture?.close());

const infer = (body: unknown, path = `${MODEL}/infer`) => fixture.call(serving, path, body, 'infer');
const get = (path: string) => fixture.call(serving, path, undefined, 'infer');
const users = (...data: readonly string[]) => ({ name: 'user', shape: [data.length], datatype: 'BYTES', data });

test('health and metadata have the shapes of the protocol', async () => {
  assert.deepEqual((await get('/v2')).json, { name: 'millrace', version: '2', extensions: [] });
  assert.deepEqual((await get('/v2/health/live')).json, { live: true });
  assert.deepEqual((await get('/v2/health/ready')).json, { live: true, ready: true });
  const metadata = {
    name: 'retail-recommender',
    versions: ['1'],
    platform: 'onnxruntime_onnx',
    inputs: [
      { name: 'user', datatype: 'BYTES', shape: [-1] },
      { name: 'k', datatype: 'INT64', shape: [1] },
    ],
    outputs: [
      { name: 'items', datatype: 'BYTES', shape: [-1, -1] },
      { name: 'request_id', datatype: 'BYTES', shape: [-1] },
      { name: 'fallback', datatype: 'BYTES', shape: [-1] },
    ],
  };
  for (const path of [MODEL, `${MODEL}/versions/1`]) assert.deepEqual((await get(path)).json, metadata);
  for (const path of [MODEL, `${MODEL}/versions/1`]) {
    assert.deepEqual((await get(`${path}/ready`)).json, { name: 'retail-recommender', ready: true });
  }
});

test('health needs no token', async () => {
  for (const path of ['/v2/health/live', '/v2/health/ready', `${MODEL}/ready`, '/healthz', '/readyz', '/metrics']) {
    assert.equal((await fetch(`${serving.url}${path}`)).status, 200, path);
  }
});

test('inference answers a batch, row by row what the domain route answers, and returns the id', async () => {
  const k = { name: 'k', shape: [1], datatype: 'INT64', data: [4] };
  for (const path of [`${MODEL}/infer`, `${MODEL}/versions/1/infer`]) {
    const { status, json } = await infer({ id: '42', inputs: [users('user-1', 'nobody'), k] }, path);
    assert.equal(status, 200);
    const { outputs, ...head } = json as unknown as {
      outputs: { name: string; shape: number[]; datatype: string; data: string[] }[];
    };
    assert.deepEqual(head, {
      model_name: 'retail-recommender',
      model_version: '1',
      id: '42',
      parameters: { unit_id: serving.unit()?.unitId },
    });
    const [items, ids, fallbacks] = outputs;
    assert.deepEqual([items?.name, items?.shape, items?.datatype, items?.data.length], ['items', [2, 4], 'BYTES', 8]);
    const single = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 4 });
    assert.deepEqual(items?.data.slice(0, 4), single.json.items);
    assert.deepEqual(items?.data.slice(4), ITEMS.slice(0, 4));
    assert.deepEqual(fallbacks?.data, ['', 'popular']);
    assert.equal(new Set(ids?.data).size, 2);
  }
});

test('only the outputs asked for come back', async () => {
  const { json } = await infer({ inputs: [users('user-1')], outputs: [{ name: 'items' }] });
  assert.deepEqual(
    (json['outputs'] as { name: string }[]).map(({ name }) => name),
    ['items'],
  );
  assert.ok(!('id' in json));
});

test('bad tensors are refused with `error` and the field', async () => {
  const k = (change: object) => ({ name: 'k', shape: [1], datatype: 'INT64', data: [4], ...change });
  const cases: readonly [object, RegExp][] = [
    [{ inputs: [] }, /body\.inputs/],
    [{ inputs: [k({})] }, /inputs: expected an input 'user'/],
    [{ inputs: [{ ...users('a'), name: 'person' }] }, /inputs\.0\.name/],
    [{ inputs: [users('a'), users('b')] }, /inputs\.1\.name/],
    [{ inputs: [{ ...users('a'), shape: [2] }] }, /inputs\.0\.data/],
    [{ inputs: [{ ...users('a', 'b'), shape: [1, 2] }] }, /inputs\.0\.shape/],
    [{ inputs: [{ ...users('a'), datatype: 'INT32' }] }, /inputs\.0\.datatype/],
    [{ inputs: [{ ...users(), data: [7], shape: [1] }] }, /inputs\.0\.data/],
    [{ inputs: [users()] }, /inputs\.0\.shape/],
    [{ inputs: [users(...Array.from({ length: 65 }, () => 'u'))] }, /body\.inputs\.0\.data/],
    [{ inputs: [users('a'), k({ data: [0] })] }, /inputs\.1\.data/],
    [{ inputs: [users('a'), k({ data: [101] })] }, /inputs\.1\.data/],
    [{ inputs: [users('a'), k({ data: [1, 2], shape: [2] })] }, /inputs\.1\.data/],
    [{ inputs: [users('a')], outputs: [{ name: 'scores' }] }, /outputs/],
    [{ inputs: [users('a')], extra: 1 }, /body\.extra/],
  ];
  for (const [body, message] of cases) {
    const { status, json } = await infer(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(String(json['error']), message);
  }
});

test('another model and a version that is not loaded are 404 with `error`', async () => {
  for (const path of ['/v2/models/other/infer', `${MODEL}/versions/9/infer`, `${MODEL}/versions/x/infer`]) {
    const { status, json } = await infer({ inputs: [users('a')] }, path);
    assert.deepEqual([status, typeof json['error']], [404, 'string'], path);
  }
  assert.equal((await get('/v2/models/other')).status, 404);
  assert.deepEqual((await get('/v2/models/other/ready')).json, { name: 'other', ready: false });
  assert.deepEqual((await get(`${MODEL}/versions/9/ready`)).status, 503);
});
