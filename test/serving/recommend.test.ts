import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Serving } from '../../app/serving/server.ts';
import { type Fixture, ITEMS, openFixture } from './fixture.ts';

let fixture: Fixture;
let serving: Serving;

before(async () => {
  fixture = await openFixture();
  await fixture.click('user-1', ['item-03', 'item-04']);
  await fixture.promote(await fixture.release(1));
  serving = await fixture.start();
});
after(() => fixture?.close());

const recommend = (body: unknown) => fixture.call(serving, '/v1/recommend', body);

test('a known user is answered by the model, with ids that name the answer and its release', async () => {
  const { status, json, headers } = await recommend({ user: 'user-1', k: 5 });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json), ['requestId', 'unitId', 'model', 'version', 'items', 'fallback', 'reason']);
  assert.equal(json.items.length, 5);
  assert.equal(json['fallback'], null);
  assert.deepEqual(serving.unit(), { unitId: json['unitId'], version: json['version'] });
  assert.equal(headers.get('x-request-id'), json['requestId']);
});

test('fresh clicks count at once: the answer changes and the item is not shown again', async () => {
  const first = await recommend({ user: 'user-2', k: 10 });
  const items = first.json.items;
  const top = items[0] ?? '';
  await fixture.click('user-2', [top]);
  const second = await recommend({ user: 'user-2', k: 10 });
  assert.ok(!second.json.items.includes(top));
  assert.notDeepEqual(second.json.items, items.slice(1));
});

test('a user without a vector is answered from recent items, and the log says cold start', async () => {
  await fixture.click('newcomer', ['item-10', 'item-11']);
  const { json } = await recommend({ user: 'newcomer', k: 5 });
  assert.equal(json['fallback'], null);
  await serving.logged();
  const logged = (await fixture.predictions()).find(({ request_id }) => request_id === json['requestId']);
  assert.equal(JSON.parse(logged?.features ?? '{}')['request.cold_start'], true);
});

test('an unknown user gets the popular items, marked', async () => {
  const { json } = await recommend({ user: 'nobody-ever-saw', k: 3 });
  assert.deepEqual([json.items, json['fallback'], json['reason']], [ITEMS.slice(0, 3), 'popular', 'unknown-user']);
});

test('a user with keys and no features gets the popular items, marked', async () => {
  await fixture.keys.subject('only-keys');
  const { json } = await recommend({ user: 'only-keys', k: 3 });
  assert.deepEqual([json.items, json['fallback'], json['reason']], [ITEMS.slice(0, 3), 'popular', 'no-features']);
});

test('without profiling nothing about the user is read or recorded', async () => {
  const { json } = await recommend({ user: 'user-1', k: 3, context: { profiling: false } });
  assert.deepEqual([json.items, json['fallback'], json['reason']], [ITEMS.slice(0, 3), 'popular', 'profiling-off']);
  const anonymous = await recommend({ context: { profiling: false } });
  assert.equal(anonymous.status, 200);
  await serving.logged();
  const logged = (await fixture.predictions()).find(({ request_id }) => request_id === json['requestId']);
  assert.deepEqual([logged?.user_id, Object.keys(JSON.parse(logged?.features ?? '{}'))], [null, ['request.k', 'request.reason']]);
});

test('excluded items stay out, of the model and of the fallback, and k items are answered all the same', async () => {
  const plain = await recommend({ user: 'user-3', k: 10 });
  const [banned = ''] = plain.json.items;
  const { json } = await recommend({ user: 'user-3', k: 10, context: { exclude: [banned] } });
  assert.deepEqual(json.items.slice(0, 9), plain.json.items.slice(1));
  assert.equal(json.items.length, 10);
  const popular = await recommend({ user: 'nobody', k: 2, context: { exclude: ['item-00'] } });
  assert.deepEqual(popular.json.items, ['item-01', 'item-02']);
});

test('what does not fit the schema is refused with the field, and nothing is logged', async () => {
  await serving.logged();
  const before = (await fixture.predictions()).length;
  const cases: readonly [unknown, string][] = [
    [{ user: 'u', colour: 'red' }, 'body.colour'],
    [{ user: 'u', context: { exclude: ['a'], mood: 1 } }, 'body.context.mood'],
    [{}, 'body.user'],
    [{ context: {} }, 'body.user'],
    [{ user: '' }, 'body.user'],
    [{ user: 'u'.repeat(65) }, 'body.user'],
    [{ user: 7 }, 'body.user'],
    [{ user: 'u', k: 0 }, 'body.k'],
    [{ user: 'u', k: 101 }, 'body.k'],
    [{ user: 'u', k: '5' }, 'body.k'],
    [{ user: 'u', k: 1.5 }, 'body.k'],
    [{ user: 'u', context: { exclude: Array.from({ length: 101 }, () => 'a') } }, 'body.context.exclude'],
    [{ user: 'u', context: { exclude: [7] } }, 'body.context.exclude.0'],
    [[], 'body'],
    ['{"user":', 'body'],
    ['{"user":"u","__proto__":{"a":1}}', 'body'],
  ];
  for (const [body, field] of cases) {
    const { status, type, json } = await recommend(body);
    assert.deepEqual([status, json['field'], json['code']], [400, field, 'MR_SERVING_BODY_INVALID'], JSON.stringify(body));
    assert.match(type, /^application\/problem\+json/);
  }
  await serving.logged();
  assert.equal((await fixture.predictions()).length, before);
});
