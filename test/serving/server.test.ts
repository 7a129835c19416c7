import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRequestId } from '../../app/serving/request-id.ts';
import { openFixture } from './fixture.ts';

test('a taken port is said so, with the port, and nothing is left running', async () => {
  const fixture = await openFixture();
  try {
    const serving = await fixture.start();
    const port = Number(new URL(serving.url).port);
    await assert.rejects(fixture.start({ port }), { code: 'MR_SERVING_PORT_TAKEN', field: '--port', value: port });
    assert.equal((await fetch(`${serving.url}/healthz`)).status, 200);
  } finally {
    await fixture.close();
  }
});

test('the server listens on loopback where no host is given', async () => {
  const fixture = await openFixture();
  try {
    assert.equal(new URL((await fixture.start()).url).hostname, '127.0.0.1');
  } finally {
    await fixture.close();
  }
});

test('close answers the requests in flight, and n answers are n records', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    await fixture.promote(await fixture.release(1));
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered = (): void => undefined;
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const online = Object.assign(Object.create(fixture.online) as typeof fixture.online, {
      async get(view: string, entity: string) {
        entered();
        await gate;
        return fixture.online.get(view, entity);
      },
    });
    // A slow store must not become a fallback here.
    const usecase = { ...fixture.usecase, serving: { ...fixture.usecase.serving, storeTimeoutMs: 60_000 } };
    const serving = await fixture.start({ online, usecase });
    const inFlight = Array.from({ length: 20 }, () => fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 }));
    await inside;
    let closed = false;
    const closing = serving.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([serving.ready(), closed], [false, false]);
    release();
    const answers = await Promise.allSettled(inFlight);
    await closing;
    const ids = answers.flatMap((answer) =>
      answer.status === 'fulfilled' && answer.value.status === 200 ? [answer.value.json['requestId']] : [],
    );
    assert.ok(ids.length >= 1, 'the request that was inside was answered');
    assert.deepEqual((await fixture.predictions()).map(({ request_id }) => request_id).sort(), ids.sort());
    await assert.rejects(fetch(`${serving.url}/healthz`));
  } finally {
    await fixture.close();
  }
});

test('no user id, plain or pseudonym, is in the metrics, and no plain one in the prediction log', async () => {
  const fixture = await openFixture();
  try {
    const user = 'a-very-personal-name';
    await fixture.click(user, ['item-03', 'item-05']);
    await fixture.promote(await fixture.release(1));
    const serving = await fixture.start();
    for (let n = 0; n < 5; n += 1) await fixture.call(serving, '/v1/recommend', { user, k: 3 });
    await serving.logged();
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    const { pseudonym } = await fixture.keys.subject(user);
    for (const id of [user, pseudonym]) assert.ok(!metrics.includes(id));
    const predictions = JSON.stringify(await fixture.predictions());
    assert.ok(predictions.includes(pseudonym) && !predictions.includes(user));
    assert.match(metrics, /millrace_serving_feature_age_seconds_count 5/);
    assert.match(metrics, /millrace_serving_prediction_confidence_count 5/);
    assert.match(metrics, /millrace_serving_unit_info\{unit="[0-9a-f]{64}",version="1"\} 1/);
    assert.match(metrics, /millrace_serving_request_seconds_count\{route="\/v1\/recommend"\} 5/);
  } finally {
    await fixture.close();
  }
});

test('the OpenAPI document describes every route, and the page at /docs needs no other host', async () => {
  const fixture = await openFixture();
  try {
    const serving = await fixture.start();
    const document = (await (await fetch(`${serving.url}/docs/json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { responses: Record<string, { description: string }>; requestBody?: object; security?: object[] }>
      >;
    };
    assert.match(document.openapi, /^3\./);
    assert.deepEqual(
      Object.keys(document.paths)
        .filter((path) => !path.startsWith('/docs'))
        .sort(),
      [
        '/healthz',
        '/metrics',
        '/readyz',
        '/startupz',
        '/v1/explain/{requestId}',
        '/v1/recommend',
        '/v2',
        '/v2/health/live',
        '/v2/health/ready',
        '/v2/models/{model}',
        '/v2/models/{model}/infer',
        '/v2/models/{model}/ready',
        '/v2/models/{model}/versions/{version}',
        '/v2/models/{model}/versions/{version}/infer',
        '/v2/models/{model}/versions/{version}/ready',
      ],
    );
    const recommend = document.paths['/v1/recommend']?.['post'];
    assert.deepEqual(Object.keys(recommend?.responses ?? {}), ['200', '400', '401', '403', '413', '415', '429', '503']);
    assert.deepEqual(recommend?.security, [{ bearer: ['recommend'] }]);
    assert.ok(recommend?.requestBody !== undefined);
    for (const [path, methods] of Object.entries(document.paths))
      for (const { responses } of Object.values(methods))
        for (const response of Object.values(responses)) assert.equal(typeof response.description, 'string', path);
    const page = await fetch(`${serving.url}/docs`);
    assert.equal(page.status, 200);
    const links = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    assert.ok(links.length > 2);
    for (const link of links) {
      assert.ok(!/^(https?:)?\/\//.test(link), link);
      const asset = await fetch(new URL(link, `${serving.url}/docs/`));
      assert.ok(asset.status === 200 && (await asset.text()).length > 0, link);
    }
  } finally {
    await fixture.close();
  }
});

test('request ids are UUIDs of version 7 that sort by time', () => {
  const ids = Array.from({ length: 100 }, makeRequestId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(ids).size, 100);
  assert.ok((ids[0] ?? '').slice(0, 13) <= (ids[99] ?? '').slice(0, 13));
});
