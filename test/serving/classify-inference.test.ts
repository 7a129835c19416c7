import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { order } from '../../app/usecases/fraud/events.ts';
import { type Json, type Orders, openOrders } from './classify-fixture.ts';

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly unknown[];
}

const MODEL = '/v2/models/fraud-classifier';
const DATATYPES = { string: 'BYTES', timestamp: 'BYTES', boolean: 'BOOL', long: 'INT64', double: 'FP64' } as const;
const NAMES = Object.keys(order.fields);

let orders: Orders;
before(async () => {
  orders = await openOrders();
});
after(() => orders?.close());

const infer = (body: unknown, path = `${MODEL}/infer`) => orders.call(path, body, 'infer');

/** Orders as columns, a tensor a field. */
const columns = (wires: readonly Json[]): readonly Tensor[] =>
  Object.entries(order.fields).map(([name, { type }]) => ({
    name,
    shape: [wires.length],
    datatype: DATATYPES[type],
    data: wires.map((wire) => wire[name] ?? null),
  }));

const changed = (wires: readonly Json[], name: string, change: Partial<Tensor>): readonly Tensor[] =>
  columns(wires).map((input) => (input.name === name ? { ...input, ...change } : input));

const outputsOf = (json: Json): Readonly<Record<string, Tensor>> =>
  Object.fromEntries((json.outputs as readonly Tensor[]).map((output) => [output.name, output]));

test('before the first release each row gets the declared fallback, and no probability', async () => {
  const { status, json } = await infer({ inputs: columns(orders.asks.slice(0, 2)) });
  assert.equal(status, 200, JSON.stringify(json));
  const { decision, probability, fallback } = outputsOf(json);
  assert.deepEqual(
    [decision?.data, probability?.data],
    [
      ['review', 'review'],
      [null, null],
    ],
  );
  assert.deepEqual(fallback?.data, ['review', 'review']);
  assert.deepEqual([json.model_version, json.parameters], [undefined, undefined]);
});

test('metadata names a tensor a field, and what comes back', async () => {
  await orders.release();
  const { json } = await orders.call(`${MODEL}/versions/1`, undefined, 'infer');
  assert.deepEqual([json.name, json.versions, json.platform], ['fraud-classifier', ['1'], 'onnxruntime_onnx']);
  const [inputs, outputs] = [json.inputs, json.outputs] as readonly (readonly Tensor[])[];
  assert.deepEqual(
    inputs?.map(({ name }) => name),
    NAMES,
  );
  assert.deepEqual(
    inputs?.find(({ name }) => name === 'amount'),
    { name: 'amount', datatype: 'FP64', shape: [-1] },
  );
  assert.deepEqual(
    outputs?.map(({ name, datatype }) => `${name} ${datatype}`),
    ['event BYTES', 'decision BYTES', 'probability FP64', 'request_id BYTES', 'fallback BYTES'],
  );
});

test('a batch is answered row by row as the domain route answers, under the unit, and every row can be explained', async () => {
  const { asks, serving, call } = orders;
  const wires = asks.slice(0, 5);
  for (const path of [`${MODEL}/infer`, `${MODEL}/versions/1/infer`]) {
    const { status, json } = await infer({ id: '42', inputs: columns(wires) }, path);
    assert.equal(status, 200, JSON.stringify(json));
    const { outputs: _, ...head } = json;
    const parameters = { unit_id: serving.unit()?.unitId };
    assert.deepEqual(head, { model_name: 'fraud-classifier', model_version: '1', id: '42', parameters });
    const { event, decision, probability, request_id, fallback } = outputsOf(json);
    assert.deepEqual(
      event?.data,
      wires.map(({ order_id }) => order_id),
    );
    assert.deepEqual([probability?.datatype, probability?.shape], ['FP64', [5]]);
    assert.deepEqual(fallback?.data, ['', '', '', '', '']);
    for (const [row, wire] of wires.entries()) {
      const single = await call('/v1/classify', { event: wire });
      assert.deepEqual([decision?.data[row], probability?.data[row]], [single.json.decision, single.json.probability]);
    }
    await orders.sink();
    for (const [row, requestId] of request_id?.data.entries() ?? []) {
      const explained = await call(`/v1/explain/${requestId}`, undefined, 'explain');
      assert.equal(explained.json.verified, true, JSON.stringify(explained.json).slice(0, 1_000));
      assert.deepEqual((explained.json.answer as { readonly items: unknown }).items, [decision?.data[row]]);
    }
  }
});

test('a nullable field may be left out, and only the outputs asked for come back', async () => {
  const inputs = columns(orders.asks.slice(0, 1)).filter(({ name }) => name !== 'card' && name !== 'address');
  const { status, json } = await infer({ inputs, outputs: [{ name: 'decision' }] });
  assert.equal(status, 200, JSON.stringify(json));
  assert.deepEqual(Object.keys(outputsOf(json)), ['decision']);
});

test('the door judges every element, and what it refuses is named by tensor and row', async () => {
  const wires = orders.asks.slice(0, 2);
  const amount = NAMES.indexOf('amount');
  const goods = NAMES.indexOf('goods');
  const cases: readonly [object, RegExp][] = [
    [{ inputs: changed(wires, 'amount', { data: [1, -1] }) }, new RegExp(`inputs\\.${amount}\\.data\\.1: expected`)],
    [{ inputs: changed(wires, 'amount', { data: ['1', 1] }) }, new RegExp(`inputs\\.${amount}\\.data\\.0: expected`)],
    [{ inputs: changed(wires, 'goods', { data: ['fashion', 'gold'] }) }, new RegExp(`inputs\\.${goods}\\.data\\.1`)],
    [{ inputs: changed(wires, 'amount', { data: [null, 1] }) }, new RegExp(`inputs\\.${amount}\\.data\\.0`)],
    [{ inputs: columns(wires).filter(({ name }) => name !== 'amount') }, /inputs: expected an input 'amount'/],
    [{ inputs: changed(wires, 'amount', { datatype: 'FP32' }) }, new RegExp(`inputs\\.${amount}\\.datatype: expected FP64`)],
    [{ inputs: changed(wires, 'amount', { shape: [3] }) }, new RegExp(`inputs\\.${amount}\\.data`)],
    [{ inputs: changed(wires, 'amount', { shape: [1], data: [1] }) }, new RegExp(`inputs\\.${amount}\\.shape: expected \\[2\\]`)],
    [{ inputs: changed(wires, 'amount', { shape: [1, 2] }) }, new RegExp(`inputs\\.${amount}\\.shape`)],
    [{ inputs: changed(wires, 'amount', { name: 'price' }) }, new RegExp(`inputs\\.${amount}\\.name`)],
    [{ inputs: columns([]) }, /inputs\.0\.shape/],
    [{ inputs: columns(Array.from({ length: 65 }, () => wires[0] as Json)) }, /body\.inputs\.0\.data/],
    [{ inputs: columns(wires), outputs: [{ name: 'scores' }] }, /outputs/],
  ];
  for (const [body, message] of cases) {
    const { status, json } = await infer(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(String(json.error), message);
  }
});

test('a token of another scope, another model and a version that is not loaded are refused', async () => {
  const body = { inputs: columns(orders.asks.slice(0, 1)) };
  assert.equal((await orders.call(`${MODEL}/infer`, body, 'classify')).status, 403);
  for (const path of ['/v2/models/retail-recommender/infer', `${MODEL}/versions/9/infer`]) {
    const { status, json } = await infer(body, path);
    assert.deepEqual([status, typeof json.error], [404, 'string'], path);
  }
});

test('the document at /docs describes the route with its schemas', async () => {
  const { json } = await orders.call('/docs/json');
  const post = (json.paths as Readonly<Record<string, { readonly post?: Json }>>)['/v2/models/{model}/infer']?.post;
  assert.match(String(post?.summary), /Decisions about up to 64 events of kind order/);
  const text = JSON.stringify(post);
  for (const title of ['InferenceRequest', 'InferenceResponse']) assert.ok(text.includes(title), title);
});
