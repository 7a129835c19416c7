import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { MillraceError } from '../../app/errors.ts';
import { type PageServerOptions, startPageServer } from '../../app/monitoring/page/server.ts';
import type { PageState } from '../../app/monitoring/page/state.ts';
import { servingError } from '../../app/serving/errors.ts';
import { explained } from './page-explanation.ts';
import { busyState, REQUEST_IDS } from './page-state.ts';

/** A page over a scripted loop. */
async function pageOf(t: TestContext, more: Partial<PageServerOptions> = {}) {
  let asked = 0;
  const server = await startPageServer({
    state: async () => busyState(asked++),
    explain: async (requestId) => explained(requestId),
    metrics: async () => '# TYPE millrace_events counter\nmillrace_events 3\n',
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: 'silent' }),
    everyMs: 20,
    ...more,
  });
  t.after(() => server.close());
  return server;
}

interface Message {
  readonly event: string;
  readonly data: string;
}

/** Reads `count` messages of the stream, then leaves. */
async function listen(url: string, count: number): Promise<readonly Message[]> {
  const leave = new AbortController();
  const response = await fetch(`${url}/api/stream`, { signal: leave.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const messages: Message[] = [];
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const found = /^event: (.+)\ndata: (.+)$/.exec(part);
      if (found !== null) messages.push({ event: found[1] ?? '', data: found[2] ?? '' });
    }
    if (messages.length >= count) break;
  }
  leave.abort();
  return messages.slice(0, count);
}

test('every file the document and its modules name is served from here', async (t) => {
  const { url } = await pageOf(t);
  const document = await (await fetch(url)).text();
  const importMap = /<script type="importmap">(.+?)<\/script>/.exec(document)?.[1] ?? '';
  const known = (JSON.parse(importMap) as { imports: Record<string, string> }).imports;
  const waiting = [...document.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
  const seen = new Set<string>();
  for (const path of waiting) {
    if (seen.has(path)) continue;
    seen.add(path);
    const response = await fetch(new URL(path, url));
    assert.equal(response.status, 200, path);
    const body = await response.text();
    if (!/javascript/.test(response.headers.get('content-type') ?? '')) continue;
    assert.doesNotMatch(body, /^\s*(interface|import type)\b/m, `${path} still holds types`);
    for (const [, name = ''] of body.matchAll(/(?:\bfrom|\bimport)\s*["']([\w./-]+)["']/g)) {
      const target = known[name] ?? (name.startsWith('.') ? new URL(name, new URL(path, url)).pathname : undefined);
      assert.ok(target !== undefined, `${path} imports ${name}, which the import map does not know`);
      waiting.push(target);
    }
  }
  assert.ok(seen.has('/assets/app.ts') && seen.has('/vendor/uplot.mjs'));
});

test('the policy allows own files and the import map, and no other script', async (t) => {
  const { url } = await pageOf(t);
  const response = await fetch(url);
  const policy = response.headers.get('content-security-policy') ?? '';
  const document = await response.text();
  const inline = [...document.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^<]+)<\/script>/g)].map(([, text]) => text ?? '');
  assert.equal(inline.length, 1);
  const hash = createHash('sha256')
    .update(inline[0] ?? '')
    .digest('base64');
  assert.match(policy, /default-src 'none'/);
  assert.equal(/script-src ([^;]+)/.exec(policy)?.[1], `'self' 'sha256-${hash}'`);
  assert.doesNotMatch(policy, /unsafe|http|\*/);
  assert.doesNotMatch(document, /\son\w+=|\sstyle=/);
});

test('paths outside the list are not served, whatever they look like', async (t) => {
  const { url } = await pageOf(t);
  for (const path of ['/assets/..%2fserver.ts', '/assets/%2e%2e/state.ts', '/vendor/../package.json', '/assets/none.css']) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 404, path);
    assert.equal(((await response.json()) as { code: string }).code, 'MR_MONITORING_ROUTE_UNKNOWN');
  }
});

test('the stream begins with samples and the whole state, then sends what changed', async (t) => {
  const { url } = await pageOf(t);
  const messages = await listen(url, 6);
  assert.deepEqual(
    messages.map(({ event }) => event),
    ['samples', 'state', 'sample', 'change', 'sample', 'change'],
  );
  const state = JSON.parse(messages[1]?.data ?? '') as PageState;
  assert.deepEqual(state.verdicts, busyState(0).verdicts);
  const change = JSON.parse(messages[3]?.data ?? '') as Partial<PageState>;
  assert.equal(change.uptimeSeconds, busyState(1).uptimeSeconds);
  assert.ok(!('verdicts' in change), 'verdicts did not change');
  assert.deepEqual({ ...state, ...change }, busyState(1));
});

test('a field that goes away is sent as null', async (t) => {
  let asked = 0;
  const { url } = await pageOf(t, {
    state: async () => ({ ...busyState(0), challenger: asked++ === 0 ? busyState(0).challenger : undefined }),
  });
  const messages = await listen(url, 3);
  assert.deepEqual(JSON.parse(messages[2]?.data ?? ''), { challenger: null });
});

test('the state is asked for once for all who look, and by nobody when none does', async (t) => {
  let [asked, inFlight, most] = [0, 0, 0];
  const { url } = await pageOf(t, {
    everyMs: 1,
    state: async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await sleep(20);
      inFlight -= 1;
      return busyState(asked++);
    },
  });
  await sleep(80);
  assert.equal(asked, 0);
  const all = await Promise.all(Array.from({ length: 8 }, () => listen(url, 6)));
  // A chain of its own for each client would have several states on their way at once.
  assert.equal(most, 1);
  assert.ok(all.every((messages) => messages.length === 6));
  await sleep(80);
  const after = asked;
  await sleep(120);
  assert.equal(asked, after);
});

test('a state that cannot be read is told, and the stream goes on', async (t) => {
  let asked = 0;
  const { url } = await pageOf(t, {
    state: async () => {
      asked += 1;
      if (asked === 2) throw new Error('the lake is away');
      return busyState(asked);
    },
  });
  const messages = await listen(url, 4);
  assert.deepEqual(messages[2], { event: 'fault', data: '{"message":"the lake is away"}' });
  assert.equal(messages[3]?.event, 'sample');
});

test('an explanation comes as it is, and a fault of it as a problem one can read', async (t) => {
  const { url } = await pageOf(t, {
    explain: async (requestId) => {
      if (requestId === REQUEST_IDS[0]) return explained(requestId);
      if (requestId === 'broken') throw new Error('disk');
      throw servingError('MR_SERVING_REQUEST_UNKNOWN', `No answer has the request id '${requestId}'`, { field: 'requestId' });
    },
  });
  const good = await fetch(`${url}/api/explain/${REQUEST_IDS[0]}`);
  assert.deepEqual(await good.json(), JSON.parse(JSON.stringify(explained(REQUEST_IDS[0] ?? ''))));
  const unknown = await fetch(`${url}/api/explain/nobody`);
  assert.equal(unknown.status, 404);
  assert.equal(unknown.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  const problem = (await unknown.json()) as Record<string, string>;
  assert.equal(problem.code, 'MR_SERVING_REQUEST_UNKNOWN');
  assert.match(problem.detail ?? '', /nobody/);
  assert.ok((problem.next ?? '').length > 0);
  const broken = await fetch(`${url}/api/explain/broken`);
  assert.equal(broken.status, 500);
  assert.equal(((await broken.json()) as { code: string }).code, 'MR_MONITORING_PAGE_FAILED');
});

test('metrics and health answer', async (t) => {
  const { url } = await pageOf(t);
  const metrics = await fetch(`${url}/metrics`);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await metrics.text(), /millrace_events 3/);
  assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: 'ok' });
});

test('another host name is refused: a foreign site cannot point its name here', async (t) => {
  const { url } = await pageOf(t);
  const status = (host: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = httpRequest(`${url}/api/state`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.end();
    });
  assert.equal(await status('evil.example:7070'), 421);
  assert.equal(await status('localhost:9999'), 200);
  assert.equal(await status('127.0.0.1'), 200);
});

test('a taken port is named', async (t) => {
  const { url } = await pageOf(t);
  const port = Number(new URL(url).port);
  await assert.rejects(pageOf(t, { port }), (fault: unknown) => {
    assert.ok(fault instanceof MillraceError);
    assert.equal(fault.code, 'MR_MONITORING_PORT_TAKEN');
    assert.equal(fault.value, port);
    assert.match(fault.message, new RegExp(`${port}`));
    return true;
  });
});

test('closing ends the streams of those who still look', async (t) => {
  const page = await pageOf(t);
  const response = await fetch(`${page.url}/api/stream`);
  const read = response.text();
  await sleep(50);
  await page.close();
  assert.match(await read, /event: state/);
});
