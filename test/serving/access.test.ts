import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import type { Serving } from '../../app/serving/server.ts';
import { type Fixture, openFixture } from './fixture.ts';

let fixture: Fixture;
let serving: Serving;

before(async () => {
  fixture = await openFixture();
  await fixture.promote(await fixture.release(1));
  serving = await fixture.start();
});
after(() => fixture?.close());

async function send(path: string, init: RequestInit = {}) {
  const response = await fetch(`${serving.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, problem: JSON.parse(text) as Record<string, unknown> };
}

const post = (path: string, headers: Record<string, string>, body = '{"user":"u"}') =>
  send(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('each guarded route wants a token, and one of its own scope', async () => {
  const routes = [
    ['POST', '/v1/recommend', 'recommend', 'infer'],
    ['GET', '/v2', 'infer', 'recommend'],
    ['GET', '/v2/models/retail-recommender', 'infer', 'explain'],
    ['POST', '/v2/models/retail-recommender/infer', 'infer', 'recommend'],
    ['GET', '/v1/explain/00000000-0000-7000-8000-000000000000', 'explain', 'recommend'],
  ] as const;
  for (const [method, path, right, wrong] of routes) {
    const body = method === 'POST' ? { body: '{}' } : {};
    const headers = { 'content-type': 'application/json' };
    const none = await send(path, { method, headers, ...body });
    assert.deepEqual([none.status, none.problem['code']], [401, 'MR_SERVING_TOKEN_MISSING'], path);
    assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer/);
    const unknown = await send(path, { method, headers: { ...headers, ...bearer('guess') }, ...body });
    assert.deepEqual([unknown.status, unknown.problem['code']], [401, 'MR_SERVING_TOKEN_UNKNOWN'], path);
    const other = await send(path, { method, headers: { ...headers, ...bearer(await fixture.token(wrong)) }, ...body });
    assert.deepEqual([other.status, other.problem['code']], [403, 'MR_SERVING_SCOPE_MISSING'], path);
    for (const scope of [right, 'admin'] as const) {
      const fine = await send(path, { method, headers: { ...headers, ...bearer(await fixture.token(scope)) }, ...body });
      assert.ok(![401, 403].includes(fine.status), `${path} with ${scope}: ${fine.status}`);
    }
  }
});

test('refusals are audited without the token, and a flood of them at a bounded rate', async () => {
  for (let n = 0; n < 60; n += 1) await post('/v1/recommend', bearer(`guess-${n}`));
  const records = async () => (await fixture.audit.read()).filter(({ action }) => action === 'serving.access.refuse');
  for (let waited = 0; (await records()).length < 20 && waited < 100; waited += 1)
    await new Promise((done) => setTimeout(done, 20));
  const found = await records();
  assert.ok(found.length >= 20 && found.length < 40, `${found.length} records of more than 60 refusals`);
  assert.ok(!JSON.stringify(found).includes('guess'));
  assert.deepEqual([found[0]?.outcome, found[0]?.actor, found[0]?.subject], ['refused', 'anonymous', 'POST /v1/recommend']);
});

test('every fault is a problem document', async () => {
  const token = bearer(await fixture.token('recommend'));
  const huge = JSON.stringify({ user: 'u', context: { exclude: ['x'.repeat(70_000)] } });
  const cases = [
    [404, 'MR_SERVING_ROUTE_UNKNOWN', await send('/v1/nothing')],
    [405, 'MR_SERVING_METHOD_NOT_ALLOWED', await send('/v1/recommend', { headers: token })],
    [413, 'MR_SERVING_BODY_TOO_LARGE', await post('/v1/recommend', token, huge)],
    [415, 'MR_SERVING_MEDIA_TYPE', await post('/v1/recommend', { ...token, 'content-type': 'text/csv' }, 'a,b')],
    [400, 'MR_SERVING_BODY_INVALID', await post('/v1/recommend', token, '{')],
    [400, 'MR_SERVING_BODY_INVALID', await post('/v1/recommend', token, '')],
    [400, 'MR_SERVING_BODY_INVALID', await send('/v1/explain/x', { headers: bearer(await fixture.token('explain')) })],
    [404, 'MR_SERVING_ROUTE_UNKNOWN', await send('/v1/%ff', { headers: token })],
    [404, 'MR_SERVING_ROUTE_UNKNOWN', await send(`/v2/models/${'m'.repeat(200)}`, { headers: token })],
  ] as const;
  for (const [status, code, answer] of cases) {
    assert.deepEqual([answer.status, answer.problem['status'], answer.problem['code']], [status, status, code]);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', code);
    for (const member of ['type', 'title', 'detail', 'next'])
      assert.equal(typeof answer.problem[member], 'string', `${code}.${member}`);
  }
  const [, [, , notAllowed]] = cases;
  assert.equal(notAllowed.headers.get('allow'), 'POST');
});

test('a request that is no HTTP is answered, and the server goes on', async () => {
  const { hostname, port } = new URL(serving.url);
  const status = await new Promise<number | undefined>((resolve) => {
    const broken = request(
      { hostname, port, path: '/healthz', headers: { 'content-length': '5', 'transfer-encoding': 'chunked' } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    broken.on('error', () => resolve(undefined));
    broken.end();
  });
  assert.ok(status === undefined || status >= 400 || status === 200);
  assert.equal((await fetch(`${serving.url}/healthz`)).status, 200);
});

test('a token that asks too often waits for its bucket, and another does not', async () => {
  const own = await openFixture({ rateLimit: { perSecond: 0.5, burst: 3 } });
  try {
    await own.promote(await own.release(1));
    const limited = await own.start();
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await own.call(limited, '/v1/recommend', { user: 'u' })).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    const refused = await own.call(limited, '/v1/recommend', { user: 'u' });
    assert.deepEqual([refused.json['code'], refused.type], ['MR_SERVING_RATE_LIMITED', 'application/problem+json']);
    assert.match(refused.headers.get('retry-after') ?? '', /^[12]$/);
    assert.equal((await own.call(limited, '/v1/recommend', { user: 'u' }, 'admin')).status, 200);
  } finally {
    await own.close();
  }
});
