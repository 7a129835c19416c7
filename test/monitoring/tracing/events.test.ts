import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { eventTopic } from '../../../app/ingestion/topics.ts';
import { currentTracer, useTracer } from '../../../app/monitoring/tracing/span.ts';
import { openRuntime, type Runtime } from '../../../app/runtime.ts';
import { retail } from '../../../app/usecases/retail/usecase.ts';
import { startCollecting } from '../../../pipelines/workloads/collector.ts';
import { wire } from '../../ingestion/ground.ts';
import { factsOf, openReceiver, traceparentOf } from './receiver.ts';

const CALLER = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const TOPIC = eventTopic(retail, 'click');
const logger = pino({ level: 'silent' });
const dir = mkdtempSync(join(tmpdir(), 'millrace-tracing-'));
let receiver: Awaited<ReturnType<typeof openReceiver>>;

before(async () => {
  receiver = await openReceiver();
});
after(() => {
  useTracer(undefined);
  receiver.close();
  rmSync(dir, { recursive: true, force: true });
});

const ground = (name: string, environment: Readonly<Record<string, string>>): Runtime =>
  openRuntime({ dataDir: join(dir, name), logger, environment });

/** Takes one event in and reads it again; resolves to its record. */
async function taken(runtime: Runtime, headers: Readonly<Record<string, string>> = {}) {
  const collecting = await startCollecting({ runtime, usecase: retail, port: 0, host: '127.0.0.1' });
  try {
    const token = await (await runtime.use('keys')).secret('collector-token');
    const event = { ...wire(1), event_time: new Date().toISOString() };
    const response = await fetch(`${collecting.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(event),
    });
    assert.equal(response.status, 202, await response.text());
    await fetch(`${collecting.url}/readyz`);
    const log = await runtime.use('log');
    const ends = await log.endOffsets(TOPIC);
    const records = await Promise.all(ends.map((_, partition) => log.read(TOPIC, partition, 0, 10)));
    return records.flat()[0];
  } finally {
    await collecting.close();
    await runtime.close();
  }
}

test('an event is one trace: from who sent it, through the collector and the log, to who reads it', async () => {
  const record = await taken(
    ground('traced', {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop%20one',
      OTEL_SERVICE_NAME: 'millrace-retail-collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=dev',
    }),
    { traceparent: CALLER },
  );
  const [request] = receiver.named('POST /v1/events');
  const [send] = receiver.named(`send ${TOPIC}`);
  const [receive] = receiver.named(`receive ${TOPIC}`);
  assert.ok(request && send && receive, receiver.spans.map(({ name }) => name).join());
  assert.deepEqual([request.traceId, request.parentSpanId, request.kind], ['a'.repeat(32), 'b'.repeat(16), 2]);
  const { 'http.route': route, 'http.response.status_code': status } = factsOf(request.attributes);
  assert.deepEqual([route, status], ['/v1/events', '202']);
  assert.deepEqual([send.traceId, send.parentSpanId, send.kind], [request.traceId, request.spanId, 4]);
  assert.equal(record?.headers?.['traceparent'], traceparentOf(send), 'the record names who sent it');
  assert.deepEqual([receive.kind, receive.links], [5, [{ traceId: send.traceId, spanId: send.spanId }]]);
  for (const { startTimeUnixNano, endTimeUnixNano } of receiver.spans) {
    assert.ok(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano));
    assert.ok(Math.abs(Number(BigInt(startTimeUnixNano) / 1_000_000n) - Date.now()) < 60_000);
  }
  assert.deepEqual(factsOf(receiver.resources[0] ?? []), {
    'service.name': 'millrace-retail-collector',
    'deployment.environment.name': 'dev',
  });
  assert.equal(receiver.headers[0]?.['x-tenant'], 'shop one');
  assert.ok(receiver.paths.every((path) => path === '/v1/traces'));
  assert.doesNotMatch(JSON.stringify(receiver.spans), /example\.org|192\.0\.2|readyz/, 'no person, and no probe');
});

test('a caller that decided against it is not traced, and one that names nothing begins a trace', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const before = receiver.spans.length;
  const unsampled = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
  const record = await taken(ground('unsampled', environment), { traceparent: unsampled });
  assert.equal(
    receiver.named('POST /v1/events').some(({ traceId }) => traceId === 'c'.repeat(32)),
    false,
  );
  assert.match(record?.headers?.['traceparent'] ?? '', /^00-c{32}-[0-9a-f]{16}-00$/, 'the decision goes along');
  for (const [index, bad] of ['', 'nonsense', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`].entries()) {
    const known = receiver.named('POST /v1/events').length;
    await taken(ground(`bad-${index}`, environment), bad === '' ? {} : { traceparent: bad });
    const [root] = receiver.named('POST /v1/events').slice(known);
    assert.equal(root?.parentSpanId, undefined, bad);
    assert.match(root?.traceId ?? '', /^(?!0+$)[0-9a-f]{32}$/);
  }
  assert.ok(receiver.spans.length > before);
});

test('where no receiver is named, or tracing is switched off, a record carries nothing and no span is made', async () => {
  useTracer(undefined);
  const before = receiver.spans.length;
  for (const [name, environment] of [
    ['plain', {}],
    ['disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' }],
  ] as const) {
    const record = await taken(ground(name, environment), { traceparent: CALLER });
    assert.equal(record?.headers?.['traceparent'], undefined, name);
    assert.equal(currentTracer(), undefined, name);
  }
  assert.equal(receiver.spans.length, before);
});

test('a receiver that fails or is away holds nothing up: the event is taken, the spans are dropped', async () => {
  receiver.state.status = 503;
  assert.ok(await taken(ground('failing', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })));
  receiver.state.status = 200;
  const started = performance.now();
  assert.ok(await taken(ground('away', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })));
  assert.ok(performance.now() - started < 20_000);
});
