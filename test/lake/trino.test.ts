import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { registerTables, type TrinoOptions } from '../../app/lake/trino.ts';
import { warehouseOf } from '../../app/lake/warehouse-settings.ts';
import { certificateAuthority } from '../servers/certificate-authority.ts';

/** What test/warehouse proves on a real Trino is not repeated: here are the ways that none answers as it should. */
const KEY = 'c2lnbmVkLWJ5LW5vYm9keQ==';
const dir = mkdtempSync(join(tmpdir(), 'millrace-trino-client-'));
const asked: { readonly authorization: string; readonly body: string }[] = [];
let answering: (body: string) => readonly [status: number, text: string] | undefined = () => [200, '{}'];
let options: TrinoOptions;
const authority = certificateAuthority(join(dir, 'certificates'));
const tls = authority.signed('server', 'localhost', 'DNS:localhost');
const server = createServer({ cert: readFileSync(tls.crt), key: readFileSync(tls.key) }, (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    asked.push({ authorization: request.headers.authorization ?? '', body });
    const [status, text] = answering(body) ?? [];
    if (status !== undefined) response.writeHead(status).end(text);
  });
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(dir, 'key'), `${KEY}\n`);
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  options = {
    url,
    caFile: authority.ca.crt,
    keyFile: join(dir, 'key'),
    user: 'millrace-tables',
    catalog: 'lake',
    patienceMs: 300,
  };
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

const register = (change: Partial<TrinoOptions> = {}) =>
  registerTables({ ...options, ...change }, ['retail.click'], (table) => `s3://lake/${table}/`);

test('it says who it is by a token that it signs, good for minutes', async () => {
  assert.deepEqual(await register(), [{ table: 'retail.click', state: 'registered' }]);
  const [head, claims, signature] = (asked.at(-1)?.authorization ?? '').replace('Bearer ', '').split('.');
  const expected = createHmac('sha256', Buffer.from(KEY, 'base64')).update(`${head}.${claims}`).digest('base64url');
  assert.equal(signature, expected);
  const { sub, exp } = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { sub: string; exp: number };
  assert.equal(sub, 'millrace-tables');
  assert.ok(exp * 1000 > Date.now() && exp * 1000 < Date.now() + 3_600_000);
  assert.match(asked.at(-1)?.body ?? '', /table_location => 's3:\/\/lake\/retail\.click\/'/);
});

test('a refusal is no table that is absent, and is told with Trino’s own words', async () => {
  const fault = (errorName: string, message: string) => () => [200, JSON.stringify({ error: { errorName, message } })] as const;
  for (const words of [fault('PERMISSION_DENIED', 'no'), fault('GENERIC_USER_ERROR', 'the location is not for you')]) {
    answering = words;
    await assert.rejects(register(), { code: 'MR_LAKE_WAREHOUSE_REFUSED', message: /PERMISSION_DENIED: no|GENERIC_USER_ERROR/ });
  }
  answering = () => [401, 'who are you?'];
  await assert.rejects(register(), { code: 'MR_LAKE_WAREHOUSE_REFUSED', message: /\(401\)/ });
});

test('one that is away, silent, busy or another is not reached, and a missing key is named', async () => {
  const unreachable = { code: 'MR_LAKE_WAREHOUSE_UNREACHABLE' };
  answering = () => [503, 'starting'];
  await assert.rejects(register(), unreachable);
  answering = () => undefined;
  await assert.rejects(register(), unreachable);
  answering = () => [200, '<html>'];
  await assert.rejects(register(), unreachable);
  await assert.rejects(register({ url: 'https://localhost:1' }), unreachable);
  const { caFile: _ca, ...trusting } = options;
  await assert.rejects(registerTables(trusting, ['retail.click'], String), unreachable);
  await assert.rejects(register({ keyFile: '/nowhere/key' }), { code: 'MR_LAKE_WAREHOUSE_REFUSED', value: '/nowhere/key' });
});

test('settings that leave something out are refused by name', () => {
  assert.throws(() => warehouseOf({ MILLRACE_WAREHOUSE_URL: 'https://warehouse:8443' }), {
    code: 'MR_SETTINGS_INVALID',
    field: 'MILLRACE_WAREHOUSE_KEY_FILE, MILLRACE_OBJECTS_BUCKET',
  });
});
