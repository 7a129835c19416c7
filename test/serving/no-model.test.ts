import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { catalogueTable } from '../../app/lake/event-table.ts';
import { explain } from '../../app/serving/explain.ts';
import type { Serving } from '../../app/serving/server.ts';
import { item } from '../../app/usecases/retail/events.ts';
import { type Fixture, openFixture } from './fixture.ts';

async function open(t: TestContext): Promise<Fixture> {
  const fixture = await openFixture();
  t.after(() => fixture.close());
  return fixture;
}

async function readyz(serving: Serving) {
  const response = await fetch(`${serving.url}/readyz`);
  return { status: response.status, ...((await response.json()) as { ready: boolean; model: string; answers: string }) };
}

async function takeCatalogueIn({ lake, usecase, clock }: Fixture, ids: readonly string[]): Promise<void> {
  const table = catalogueTable(usecase, item);
  await lake.ensureTable(table);
  const rows = ids.map((item_id) => ({ item_id, title: item_id, category: 'c', price: 1, _ingested_at: clock.now() }));
  await lake.commit(table.name, { operation: 'API PULL', add: [await lake.stage(table.name, rows)] });
}

test('an endpoint of an empty platform answers by the declared fallback, with no items, and is ready with no model', async (t) => {
  const fixture = await open(t);
  const serving = await fixture.start();
  const { status, json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1' });
  assert.deepEqual(
    [status, json.items, json['fallback'], json['reason'], json['unitId'], json['version']],
    [200, [], 'popular', 'no-model', null, null],
  );
  const ready = await readyz(serving);
  assert.deepEqual([ready.status, ready.ready, ready.model, ready.answers], [200, true, 'none', 'fallback']);
  assert.equal((await fixture.call(serving, `/v2/models/${fixture.usecase.model.name}/ready`)).status, 503);
});

test('before the first event the catalogue answers in the order of its ids, and explain makes the same answer', async (t) => {
  const fixture = await open(t);
  await takeCatalogueIn(fixture, ['item-c', 'item-a', 'item-b']);
  // A later row of a key takes the place of the earlier, it does not make another item.
  await takeCatalogueIn(fixture, ['item-a']);
  const serving = await fixture.start();
  const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 2, context: { exclude: ['item-b'] } });
  assert.deepEqual([json.items, json['fallback'], json['reason']], [['item-a', 'item-c'], 'popular', 'no-model']);
  await serving.logged();
  await fixture.sink();
  const { usecase, lake, registry, keys, clock, audit } = fixture;
  const explanation = await explain({ usecase, requestId: String(json['requestId']), lake, registry, keys, clock, audit });
  assert.equal(explanation.status === 'explained' && explanation.verified, true);
});

test("with events the lake's popular items answer, until the first release does", async (t) => {
  const fixture = await open(t);
  await takeCatalogueIn(fixture, ['item-01', 'item-09']);
  await fixture.click('user-1', ['item-09', 'item-09', 'item-08']);
  await fixture.click('user-2', ['item-07'], 'purchase');
  await fixture.sink();
  const serving = await fixture.start();
  const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3, context: { exclude: ['item-08'] } });
  assert.deepEqual(
    [json.items, json['fallback'], json['reason'], json['unitId']],
    [['item-07', 'item-09'], 'popular', 'no-model', null],
  );
  const version = await fixture.release(1);
  await fixture.promote(version);
  await serving.looked();
  await serving.looked();
  const ready = await readyz(serving);
  assert.deepEqual([ready.status, ready.model, ready.answers], [200, version.unitId, 'model']);
  assert.equal((await fixture.call(serving, '/v1/recommend', { user: 'user-1' })).json['fallback'], null);
});

test('a champion that cannot be loaded is not passed over: the fallback answers, but not as ready', async (t) => {
  const fixture = await open(t);
  await takeCatalogueIn(fixture, ['item-01']);
  const version = await fixture.release(1, { files: { 'model.onnx': Buffer.from('no model') } });
  await fixture.promote(version);
  const serving = await fixture.start();
  const { status, json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1' });
  assert.deepEqual([status, json.items, json['reason']], [200, ['item-01'], 'no-model']);
  const ready = await readyz(serving);
  assert.deepEqual([ready.status, ready.ready, ready.model, ready.answers], [503, false, 'none', 'fallback']);
});
