import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Registry } from 'prom-client';
import { type Collector, startCollector } from '../../app/ingestion/collector.ts';
import { remoteIntake, runningCollector } from '../../app/ingestion/running.ts';
import { eventTopic } from '../../app/ingestion/topics.ts';
import { readAll } from '../contracts/event-log.ts';
import { code, type Ground, openGround, retail, silent, wire } from './ground.ts';

let ground: Ground;
let collector: Collector;
let metrics: Registry;
let token: string;

const start = (port = 0) =>
  startCollector({
    intake: ground.intake(),
    keys: ground.keys(),
    usecase: retail,
    port,
    logger: silent,
    metrics: new Registry(),
  });
beforeEach(async () => {
  ground = await openGround();
  metrics = new Registry();
  collector = await startCollector({
    intake: ground.intake(),
    keys: ground.keys(),
    usecase: retail,
    port: 0,
    logger: silent,
    metrics,
  });
  token = await ground.keys().secret('collector-token');
});
afterEach(async () => {
  await collector.close();
  await ground.end();
});

type Json = Readonly<Record<string, unknown>>;
async function post(
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; type: string | null; body: Json }> {
  const response = await fetch(`${collector.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body,
  });
  return { status: response.status, type: response.headers.get('content-type'), body: (await response.json()) as Json };
}
const stored = async () => (await readAll(ground.log(), eventTopic(retail, 'click'))).length;

/** Refused as problem JSON with this status and code, and the log has nothing of it. */
async function refused(
  answer: Promise<{ status: number; type: string | null; body: Json }>,
  status: number,
  problem: string,
): Promise<Json> {
  const got = await answer;
  assert.deepEqual([got.status, got.body.code], [status, problem]);
  assert.match(got.type ?? '', /^application\/problem\+json/);
  assert.equal(got.body.status, status);
  assert.equal(await stored(), 0);
  return got.body;
}

test('the answer comes after the log has the event, and the same event again is a duplicate at the same place', async () => {
  const first = await post(JSON.stringify(wire(1)));
  assert.equal(first.status, 202);
  assert.equal(await stored(), 1);
  const again = await post(JSON.stringify({ event: 'click', ...wire(1) }));
  const [one] = first.body.receipts as Json[];
  const [two] = again.body.receipts as Json[];
  assert.deepEqual(two, { ...one, status: 'duplicate' });
  assert.equal(await stored(), 1);
});

test('a batch gets a receipt for each, refused ones with their faults', async () => {
  const { status, body } = await post(JSON.stringify({ events: [wire(1), wire(2, { price: -1 }), wire(1)] }));
  assert.equal(status, 202);
  const receipts = body.receipts as Json[];
  assert.deepEqual(
    receipts.map((receipt) => receipt.status),
    ['accepted', 'refused', 'duplicate'],
  );
  assert.deepEqual(receipts[1]?.faults, [
    { field: 'price', value: -1, expected: 'a number from 0 to 100000', reason: 'out of range' },
  ]);
  assert.match(await metrics.metrics(), /millrace_ingestion_events_total\{event="click",status="refused"\} 1/);
});

test('a single event that breaks a rule is 422 and names field, value and expectation, never personal data', async () => {
  const problem = await refused(post(JSON.stringify(wire(1, { kind: 'gaze' }))), 422, 'MR_INGESTION_EVENT_REFUSED');
  assert.deepEqual([problem.field, problem.value, problem.expected], ['kind', 'gaze', 'one of view, basket, purchase']);
  await refused(post(JSON.stringify(wire(1, { color: 'red' }))), 422, 'MR_INGESTION_EVENT_REFUSED');
  const far = await refused(
    post(JSON.stringify(wire(1, { event_time: '2031-01-01T00:00:00Z' }))),
    422,
    'MR_INGESTION_EVENT_REFUSED',
  );
  assert.equal(far.field, 'event_time');
  const personal = await post(JSON.stringify(wire(1, { user_id: 'x'.repeat(65) })));
  assert.equal(JSON.stringify(personal.body).includes('xxx'), false);
});

test('no token, a wrong one and another scheme are 401', async () => {
  for (const authorization of ['', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
    await refused(post(JSON.stringify(wire(1)), { authorization }), 401, 'MR_INGESTION_TOKEN');
  }
});

test('a body that is no JSON, no object, too large, of another type or poisoned is refused by its own code', async () => {
  await refused(post('{"event_id": '), 400, 'MR_INGESTION_BODY_MALFORMED');
  await refused(post(''), 400, 'MR_INGESTION_BODY_MALFORMED');
  await refused(post('{"__proto__": {"kind": "view"}}'), 400, 'MR_INGESTION_BODY_MALFORMED');
  await refused(post('{"constructor": {"prototype": {"kind": "view"}}}'), 400, 'MR_INGESTION_BODY_MALFORMED');
  await refused(post('[]'), 422, 'MR_INGESTION_BODY_INVALID');
  await refused(post('{"events": []}'), 422, 'MR_INGESTION_BODY_INVALID');
  await refused(post(JSON.stringify({ events: Array.from({ length: 1001 }, (_, n) => n) })), 422, 'MR_INGESTION_BODY_INVALID');
  await refused(post('{"event": "payment", "a": 1}'), 422, 'MR_INGESTION_EVENT_UNKNOWN');
  await refused(post(JSON.stringify(wire(1)), { 'content-type': 'text/plain' }), 415, 'MR_INGESTION_CONTENT_TYPE');
  await refused(post(JSON.stringify(wire(1)), { 'content-type': 'application/xml' }), 415, 'MR_INGESTION_CONTENT_TYPE');
  await refused(post(`"${'x'.repeat(1024 * 1024)}"`), 413, 'MR_INGESTION_BODY_TOO_LARGE');
});

test('a request cut in the middle of its body leaves nothing, and the collector goes on', async () => {
  const { hostname, port } = new URL(collector.url);
  const body = JSON.stringify(wire(1));
  const socket = connect(Number(port), hostname);
  socket.write(
    [
      'POST /v1/events HTTP/1.1',
      'host: x',
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      '',
      body.slice(0, 40),
    ].join('\r\n'),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  assert.equal((await post(JSON.stringify(wire(2)))).status, 202);
  assert.equal(await stored(), 1);
});

test('a full disk is 507, and the event sent again later is accepted', async () => {
  const log = ground.log();
  const append = log.append;
  const { ingestionError } = await import('../../app/ingestion/errors.ts');
  log.append = () => Promise.reject(ingestionError('MR_INGESTION_DISK_FULL', 'no space left'));
  await refused(post(JSON.stringify(wire(1))), 507, 'MR_INGESTION_DISK_FULL');
  log.append = append;
  assert.equal((await post(JSON.stringify(wire(1)))).status, 202);
});

test('a taken port is an error that names it', async () => {
  const port = Number(new URL(collector.url).port);
  await assert.rejects(start(port), (error: Error & { code?: string; field?: string }) => {
    assert.deepEqual([error.code, error.field], ['MR_INGESTION_PORT_TAKEN', '--port']);
    assert.match(error.message, new RegExp(String(port)));
    return true;
  });
});

test('closing answers the request in flight and takes no new one', async () => {
  const log = ground.log();
  const append = log.append.bind(log);
  let release: () => void = () => undefined;
  let entered: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  log.append = async (topic, records) => {
    entered();
    await gate;
    return append(topic, records);
  };
  const answer = post(JSON.stringify(wire(1)));
  await inside;
  const closing = collector.close();
  release();
  assert.equal((await answer).status, 202);
  await closing;
  await assert.rejects(fetch(`${collector.url}/healthz`));
  collector = await start();
});

test('health and readiness need no token; other paths are problem JSON', async () => {
  for (const path of ['/healthz', '/readyz', '/startupz']) assert.equal((await fetch(collector.url + path)).status, 200);
  const lost = await fetch(`${collector.url}/v2/events`, { method: 'POST' });
  assert.deepEqual([lost.status, ((await lost.json()) as Json).code], [404, 'MR_INGESTION_ROUTE']);
});

test('a command reaches the intake of the running process by its collector', async () => {
  assert.equal(await runningCollector(ground.dir), undefined);
  await writeFile(join(ground.dir, 'running.json'), JSON.stringify({ collector: collector.url, pid: process.pid }));
  const url = (await runningCollector(ground.dir)) ?? '';
  assert.equal(url, collector.url);
  const remote = remoteIntake({ url, token });
  const events = Array.from({ length: 1100 }, (_, n) => wire(n, n === 7 ? { kind: 'gaze' } : {}));
  const receipts = await remote.accept('click', events, 'my file.csv');
  assert.deepEqual([receipts.length, receipts[7]?.status], [1100, 'refused']);
  assert.deepEqual(await remote.status(), await ground.intake().status());
  assert.deepEqual(
    (await remote.letters('click', 5)).map(({ source }) => source),
    ['collector: my_file.csv'],
  );
  assert.deepEqual(await remote.replay('click'), { replayed: 1, accepted: 0, duplicates: 0, refused: 1, gone: 0 });
  await assert.rejects(remoteIntake({ url, token: 'wrong' }).status(), code('MR_INGESTION_API_REFUSED'));
});

test('it listens on loopback alone unless it is told otherwise', async () => {
  assert.equal(new URL(collector.url).hostname, '127.0.0.1');
  const other = request({ host: '127.0.0.2', port: new URL(collector.url).port, path: '/healthz' });
  await assert.rejects(new Promise((resolve, reject) => other.on('response', resolve).on('error', reject).end()));
});
