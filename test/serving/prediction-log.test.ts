import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { EventLog, LogRecord } from '../../app/ingestion/event-log/port.ts';
import { servingMetrics } from '../../app/serving/metrics.ts';
import type { Prediction } from '../../app/serving/prediction.ts';
import { openPredictionLog } from '../../app/serving/prediction-log.ts';

const logger = pino({ level: 'silent' });

/** An event log of which only `append` is used; it fails while `broken` is set. */
function brittleLog() {
  const written: LogRecord[] = [];
  const state = { broken: false, appends: 0 };
  const append = async (_topic: string, records: readonly LogRecord[]) => {
    state.appends += 1;
    if (state.broken) throw new Error('no space left on device');
    written.push(...records);
    return records.map((_, offset) => ({ partition: 0, offset }));
  };
  return { log: { append } as unknown as EventLog, written, state };
}

const prediction = (n: number): Prediction => ({
  request_id: `request-${n}`,
  unit_id: 'unit',
  version: 1,
  user_id: n % 2 === 0 ? `pseudonym-${n}` : null,
  at: n,
  feature_partition: null,
  feature_offset: null,
  features: '{}',
  items: ['a'],
  scores: [1],
  fallback: null,
  confidence: 0.5,
  latency_ms: 1,
});

const idsOf = (records: readonly LogRecord[]) =>
  records.map(({ value }) => (JSON.parse(value.toString()) as Prediction).request_id);

test('every record is written once, in order, in few writes, and close drains the rest', async () => {
  const { log, written, state } = brittleLog();
  const predictions = openPredictionLog({ log, topic: 't', logger, metrics: servingMetrics(), lingerMs: 5 });
  for (let n = 0; n < 1500; n += 1) await predictions.append(prediction(n));
  await predictions.flushed();
  for (let n = 1500; n < 1600; n += 1) await predictions.append(prediction(n));
  await predictions.close();
  assert.deepEqual(
    idsOf(written),
    Array.from({ length: 1600 }, (_, n) => `request-${n}`),
  );
  assert.ok(state.appends < 20, `${state.appends} writes`);
  assert.equal(written[1]?.key, 'request-1');
  assert.equal(written[2]?.key, 'pseudonym-2');
});

test('a full buffer makes the caller wait and loses nothing while the log fails', async () => {
  const { log, written, state } = brittleLog();
  state.broken = true;
  const predictions = openPredictionLog({ log, topic: 't', logger, metrics: servingMetrics(), lingerMs: 1, capacity: 3 });
  for (let n = 0; n < 3; n += 1) await predictions.append(prediction(n));
  let fourth = 'waiting';
  const waiting = predictions.append(prediction(3)).then(() => {
    fourth = 'taken';
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(fourth, 'waiting');
  state.broken = false;
  await waiting;
  await predictions.close();
  assert.deepEqual(idsOf(written), ['request-0', 'request-1', 'request-2', 'request-3']);
});

test('close says how many records a broken log never took', async () => {
  const { log, state } = brittleLog();
  state.broken = true;
  const predictions = openPredictionLog({ log, topic: 't', logger, metrics: servingMetrics(), lingerMs: 1, closeTimeoutMs: 20 });
  await predictions.append(prediction(0));
  await assert.rejects(predictions.close(), { code: 'MR_SERVING_LOG_STUCK', message: /1 predictions/ });
});
