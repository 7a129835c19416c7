import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { runGate } from '../../../app/delivery/gate.ts';
import { predictionTopic } from '../../../app/ingestion/topics.ts';
import { tracedLog, tracedOnline } from '../../../app/monitoring/tracing/ports.ts';
import type { Tracer } from '../../../app/monitoring/tracing/span.ts';
import { useTracer } from '../../../app/monitoring/tracing/span.ts';
import { startTracing } from '../../../app/monitoring/tracing/start.ts';
import { recordedTraining } from '../../../pipelines/retrainings.ts';
import { type Fixture, openFixture } from '../../serving/fixture.ts';
import { factsOf, openReceiver, traceparentOf } from './receiver.ts';

const logger = pino({ level: 'silent' });
let receiver: Awaited<ReturnType<typeof openReceiver>>;
let tracer: Tracer;
let fixture: Fixture;

before(async () => {
  receiver = await openReceiver();
  tracer = startTracing(receiver.url, {}, logger);
  fixture = await openFixture();
});
after(async () => {
  await fixture.close();
  useTracer(undefined);
  receiver.close();
});

test('an answer is one trace: the request, the features with each read of the store, the model, and the prediction', async () => {
  await fixture.click('user-1', ['item-03', 'item-04']);
  await fixture.promote(await fixture.release(1));
  const serving = await fixture.start({ online: tracedOnline(fixture.online), log: tracedLog(fixture.log) });
  for (const user of ['user-1', 'user-1'])
    assert.equal((await fixture.call(serving, '/v1/recommend', { user, k: 5 })).json['fallback'], null);
  await serving.logged();
  await tracer.close();
  const requests = receiver.named('POST /v1/recommend');
  assert.equal(requests.length, 2);
  for (const request of requests) {
    const within = receiver.spans.filter(({ traceId }) => traceId === request.traceId);
    const children = within.filter(({ parentSpanId }) => parentSpanId === request.spanId).map(({ name }) => name);
    assert.deepEqual(children.sort(), ['features', 'model']);
    const features = within.find(({ name }) => name === 'features');
    const reads = within.filter(({ parentSpanId }) => parentSpanId === features?.spanId);
    assert.ok(reads.length >= 2 && reads.every(({ name, kind }) => name === 'online get' && kind === 3));
    assert.equal(
      factsOf(within.find(({ name }) => name === 'model')?.attributes ?? [])['millrace.unit_id'],
      serving.unit()?.unitId,
    );
  }
  // The log is written for many requests at once: each record says its own, and who writes is of none.
  const topic = predictionTopic(fixture.usecase);
  const ends = await fixture.log.endOffsets(topic);
  const records = (await Promise.all(ends.map((end, partition) => fixture.log.read(topic, partition, 0, end + 1)))).flat();
  assert.deepEqual(records.map(({ headers }) => headers?.['traceparent']).sort(), requests.map(traceparentOf).sort());
  for (const { parentSpanId } of receiver.named(`send ${topic}`)) assert.equal(parentSpanId, undefined);
});

test('a training and a judgement are spans, and say by their code why they failed', async () => {
  const { metadata, clock, usecase, registry, lake, objects, keys, audit } = fixture;
  const training = { metadata, clock, usecase, reason: 'a test' };
  await recordedTraining(training, async () => 1);
  await assert.rejects(recordedTraining(training, () => Promise.reject(new Error('of user-1@example.org'))));
  await assert.rejects(runGate({ usecase, registry, lake, objects, keys, audit, clock, version: 999, logger }));
  await tracer.close();
  const [well, ill] = receiver.named('training run');
  assert.deepEqual([well?.status, ill?.status], [{}, { code: 2 }]);
  assert.equal(factsOf(ill?.attributes ?? [])['error.type'], 'unexpected');
  const [gate] = receiver.named('gate');
  assert.equal(factsOf(gate?.attributes ?? [])['error.type'], 'MR_REGISTRY_VERSION_UNKNOWN');
  assert.doesNotMatch(JSON.stringify(receiver.spans), /example\.org|user-1/, 'words of an error stay at home');
});
