import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry as Metrics } from 'prom-client';
import { openProbes, type ProbeOptions } from '../../pipelines/workloads/probes.ts';

async function withProbes(options: Partial<ProbeOptions>, body: (ask: (path: string) => Promise<Response>) => Promise<void>) {
  const base = { port: 0, host: '127.0.0.1', logger: pino({ level: 'silent' }), metrics: new Metrics(), ready: async () => true };
  const probes = openProbes({ ...base, ...options });
  const url = await probes.listen();
  try {
    await body((path) => fetch(`${url}${path}`));
  } finally {
    await probes.close();
  }
}

test('readiness follows the work, and a look that fails counts as not ready', async () => {
  let ready: () => Promise<boolean> = async () => true;
  await withProbes({ ready: () => ready() }, async (ask) => {
    assert.equal((await ask('/readyz')).status, 200);
    ready = async () => false;
    assert.equal((await ask('/readyz')).status, 503);
    ready = () => Promise.reject(new Error('the store is gone'));
    assert.equal((await ask('/readyz')).status, 503);
    // Losing a store is no reason to be killed.
    assert.equal((await ask('/healthz')).status, 200);
  });
});

test('a workload has started from the first time that it works, and for good', async () => {
  let working = false;
  await withProbes({ ready: async () => working }, async (ask) => {
    assert.equal((await ask('/startupz')).status, 503);
    working = true;
    assert.equal((await ask('/startupz')).status, 200);
    working = false;
    assert.equal((await ask('/startupz')).status, 200);
  });
});

test('a workload that has stopped for good says so to who can start it anew', () =>
  withProbes({ alive: () => false }, async (ask) => {
    assert.equal((await ask('/healthz')).status, 503);
  }));

test('an unknown route is a problem document with a code', () =>
  withProbes({}, async (ask) => {
    const response = await ask('/nothing');
    assert.equal(response.status, 404);
    assert.match(response.headers.get('content-type') ?? '', /problem\+json/);
    assert.equal(((await response.json()) as { code: string }).code, 'MR_PIPELINES_ROUTE');
  }));
