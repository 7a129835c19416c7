import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  catalogueTable,
  decodeEvent,
  decodeInto,
  embeddingTable,
  eventTable,
  predictionTable,
  quarantineTable,
} from '../../app/lake/event-table.ts';
import { click, item } from '../../app/usecases/retail/events.ts';
import { taste } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { freshLake } from './fresh-lake.ts';

const sealed = {
  event_id: 'e1',
  user_id: 'p_1',
  session_id: 's',
  item_id: 'i',
  kind: 'view',
  price: 2.5,
  address: 'enc:v1:AAAA',
  event_time: 1_767_225_600_000_001,
};

const record = (value: unknown) => ({
  key: 'p_1',
  partition: 2,
  offset: 7,
  appendedAtMs: 1_767_225_601_000,
  value: Buffer.from(JSON.stringify(value)),
});

test('a sealed event of the log becomes the row it was, with where it came from', async () => {
  const { lake, end } = await freshLake();
  const table = eventTable(retail, click);
  assert.equal(table.name, 'retail.click');
  assert.equal(quarantineTable('retail', click).name, 'retail.click_quarantine');
  const row = decodeEvent(click)(record({ ...sealed, unknown: 1 }));
  assert.ok(row);
  await lake.ensureTable(table);
  await lake.commit(table.name, { operation: 'WRITE', add: [await lake.stage(table.name, [row])] });
  assert.deepEqual(await lake.query('select * from retail.click'), [
    { ...sealed, _partition: 2, _offset: 7, _ingested_at: 1_767_225_601_000_000 },
  ]);
  await end();
});

test('what is no JSON object, lacks a field or holds another type is no row', () => {
  const decode = decodeEvent(click);
  for (const value of ['null', '[1]', '3', '{"half": ']) {
    assert.equal(decode({ ...record({}), value: Buffer.from(value) }), undefined);
  }
  for (const wrong of [{ item_id: null }, { price: 'dear' }, { event_time: '2026-01-01T00:00:00Z' }, { event_time: 0.5 }]) {
    assert.equal(decode(record({ ...sealed, ...wrong })), undefined);
  }
  assert.ok(decode(record({ ...sealed, price: null })));
});

test('a sealed field is text whatever the event calls it', () => {
  const numeric = { ...click, fields: { ...click.fields, price: { ...click.fields.price, class: 'pii' as const } } };
  const types = new Map(eventTable('retail', numeric).columns.map(({ name, type }) => [name, type]));
  assert.equal(types.get('price'), 'string');
  assert.equal(types.get('event_time'), 'timestamp');
});

test('predictions, catalogue and embeddings round-trip', async () => {
  const { lake, end } = await freshLake();
  const prediction = {
    ...{ request_id: 'r', unit_id: 'u', version: 3, user_id: null, at: 5, feature_partition: null, feature_offset: null },
    ...{ features: '{}', items: ['a', 'b'], scores: [0.5, 0.25], fallback: 'popular', confidence: null, latency_ms: 1.5 },
  };
  const row = decodeInto(predictionTable('retail'))(record(prediction));
  assert.ok(row);
  const all = [
    { table: predictionTable('retail'), row },
    { table: catalogueTable('retail', item), row: { item_id: 'i', title: 't', category: 'c', price: null, _ingested_at: 9 } },
    { table: embeddingTable('retail', taste), row: { user_id: 'p', _unit: 'u', vector: Buffer.from([1, 2]), _learnt_at: 4 } },
  ];
  for (const one of all) {
    await lake.ensureTable(one.table);
    await lake.commit(one.table.name, { operation: 'WRITE', add: [await lake.stage(one.table.name, [one.row])] });
    assert.deepEqual(await lake.query(`select * from ${one.table.name}`), [one.row]);
  }
  await end();
});
