import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type ApiPullOptions, pullApi } from '../../app/ingestion/api-pull.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { item } from '../../app/usecases/retail/events.ts';
import { openMetadata } from '../registry/ground.ts';
import { clock, code, silent } from './ground.ts';

const ROWS = Array.from({ length: 10 }, (_, n) => ({ item_id: `i${n}`, title: `Item ${n}`, category: 'c', price: n }));
const PAGE = 3;
type Failure = (request: IncomingMessage, response: ServerResponse) => void;

let dir: string;
let metadata: Metadata;
let server: Server;
let url: string;
/** What the next requests get in place of a page; undefined is a page. */
let failures: (Failure | undefined)[];
let requests: string[];
let slept: number[];
let written: unknown[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-pull-'));
  metadata = await openMetadata(dir);
  [failures, requests, slept, written] = [[], [], [], []];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const failure = failures.shift();
    if (failure !== undefined) return failure(request, response);
    const from = Number(new URL(request.url ?? '/', 'http://supplier').searchParams.get('cursor') ?? 0);
    const next = from + PAGE < ROWS.length ? String(from + PAGE) : null;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ rows: ROWS.slice(from, from + PAGE), next }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/items`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await metadata.close();
  await rm(dir, { recursive: true });
});

const pull = (more: Partial<ApiPullOptions> = {}) =>
  pullApi({
    source: 'retail.item',
    url,
    perSecond: 1_000_000,
    metadata,
    clock,
    logger: silent,
    timeoutMs: 2_000,
    random: () => 0.5,
    sleep: async (ms) => void slept.push(Math.round(ms)),
    write: async (rows) => void written.push(...rows),
    ...more,
  });
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Failure =>
  (_request, response) =>
    response.writeHead(code, headers).end('no');
const waits = () => slept.filter((ms) => ms > 1);

test('pages are read to the end, by cursor, and the next pull begins again', async () => {
  assert.deepEqual(await pull(), { rows: 10, refused: 0, pages: 4, retries: 0 });
  assert.deepEqual(written, ROWS);
  assert.deepEqual(requests, ['/v1/items', '/v1/items?cursor=3', '/v1/items?cursor=6', '/v1/items?cursor=9']);
  assert.equal((await pull()).rows, 10);
});

test('a failing server is asked again, later each time: 500, 503, a reset, half an answer, no answer', async () => {
  failures = [
    status(500),
    status(503),
    (request) => request.socket.destroy(),
    (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"rows": [{"item_id": "i'),
    () => undefined,
  ];
  assert.deepEqual(await pull(), { rows: 10, refused: 0, pages: 4, retries: 5 });
  assert.deepEqual(written, ROWS);
  // Half of 250, 500, 1000, 2000, 4000: full jitter with a random number of 0.5.
  assert.deepEqual(waits(), [125, 250, 500, 1000, 2000]);
});

test('an answer cut by a reset in the middle of its body is asked for again', async () => {
  failures = [
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"rows": [');
      setTimeout(() => response.destroy(), 10);
    },
  ];
  assert.deepEqual(await pull(), { rows: 10, refused: 0, pages: 4, retries: 1 });
});

test('Retry-After is kept to, in seconds and as a date, up to half a minute', async () => {
  const date = new Date('2026-01-10T12:00:00Z');
  failures = [
    status(429, { 'retry-after': '7' }),
    status(503, { date: date.toUTCString(), 'retry-after': new Date(date.getTime() + 9000).toUTCString() }),
    status(429, { 'retry-after': '9999' }),
    status(429, { 'retry-after': 'soon' }),
  ];
  await pull();
  assert.deepEqual(waits(), [7000, 9000, 30_000, 1000]);
});

test('no more requests a second than the source allows', async () => {
  failures = [status(500)];
  await pull({ perSecond: 0.01, backoffMs: 0 });
  // Three pages wait for their turn, and so does the second try of the first.
  assert.equal(waits().length, 4);
  for (const ms of waits()) assert.ok(ms > 50_000 && ms <= 100_000, `waited ${ms} ms`);
});

test('a server that stays down is an error with the number of tries, and the next pull goes on at the cursor', async () => {
  failures = [undefined, undefined, ...Array.from({ length: 4 }, () => status(500))];
  await assert.rejects(pull({ tries: 4 }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'MR_INGESTION_API_FAILED');
    assert.match(error.message, /failed 4 times; the last was status 500/);
    return true;
  });
  assert.equal(written.length, 6);
  assert.deepEqual(await pull(), { rows: 4, refused: 0, pages: 2, retries: 0 });
  assert.deepEqual(written, ROWS);
});

test('a crash after the page is written and before its cursor brings the page again, none is lost', async () => {
  let pages = 0;
  const dying = pull({
    write: async (rows) => {
      written.push(...rows);
      pages += 1;
      if (pages === 2) throw new Error('killed here');
    },
  });
  await assert.rejects(dying, /killed here/);
  await pull();
  assert.deepEqual(written, [...ROWS.slice(0, 6), ...ROWS.slice(3)]);
});

test('refused credentials are not tried again, and another answer is named', async () => {
  failures = [status(403)];
  await assert.rejects(pull(), code('MR_INGESTION_API_REFUSED'));
  assert.equal(requests.length, 1);
  failures = [(_request, response) => response.end('{"items": []}')];
  await assert.rejects(pull(), code('MR_INGESTION_API_ANSWER'));
});

test("rows that break the table's rules are left out and counted", async () => {
  const rows = [ROWS[0], { ...ROWS[1], price: -1 }, { ...ROWS[2], colour: 'red' }, { item_id: 'i3' }, 7];
  failures = [(_request, response) => response.end(JSON.stringify({ rows, next: null }))];
  assert.deepEqual(await pull({ table: item }), { rows: 1, refused: 4, pages: 1, retries: 0 });
  assert.deepEqual(written, [ROWS[0]]);
});
