import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { canonicalJson } from '../../app/canonical.ts';
import { DAY } from '../../app/clock/port.ts';
import { backfill } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { predictionTopic } from '../../app/ingestion/topics.ts';
import { predictionTable } from '../../app/lake/event-table.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { tokenName } from '../../app/serving/access.ts';
import { decisionOf } from '../../app/serving/model.ts';
import { decodePrediction } from '../../app/serving/prediction.ts';
import { type Serving, startServing } from '../../app/serving/server.ts';
import { ordering, repute } from '../../app/usecases/fraud/features.ts';
import { orderSimulation } from '../../app/usecases/fraud/simulation.ts';
import { freshOrders, NOW, small } from '../training/classifier/orders.ts';

const logger = pino({ level: 'silent' });
const events = [...orderSimulation.events({ from: NOW - DAY, to: NOW, changes: [] })];
const asks = events.filter(({ asks: asking }) => asking).slice(-40);
type Json = Readonly<Record<string, unknown>>;

let orders: Awaited<ReturnType<typeof freshOrders>>;
let log: Awaited<ReturnType<typeof openEmbeddedLog>>;
let online: Awaited<ReturnType<typeof openEmbeddedOnline>>;
let serving: Serving;

before(async () => {
  orders = await freshOrders(small, events, NOW);
  log = await openEmbeddedLog(join(orders.dir, 'log'));
  online = await openEmbeddedOnline(join(orders.dir, 'online'));
  const { lake, keys, registry, audit, clock } = orders;
  for (const view of [ordering, repute]) await backfill({ usecase: small, view, lake, online, logger });
  serving = await startServing({ usecase: small, registry, online, log, keys, lake, audit, clock, logger, port: 0, pollMs: 10 });
});
after(async () => {
  await serving.close();
  await log.close();
  await online.close();
  await orders.end();
});

async function call(path: string, body?: unknown, scope: 'classify' | 'explain' | 'recommend' = 'classify') {
  const response = await fetch(`${serving.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${orders.keys.secret(tokenName(scope))}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Json };
}

test('before the first release the declared fallback answers, without a probability', async () => {
  const { status, json } = await call('/v1/classify', { event: asks[0]?.wire });
  assert.equal(status, 200);
  const { decision, probability, fallback, reason, unitId } = json;
  assert.deepEqual([decision, probability, fallback, reason, unitId], ['review', null, 'review', 'no-model', null]);
});

test('a release decides by calibrated probabilities, shown to two decimals, and every answer can be made again', async () => {
  const { registry, keys, lake, clock } = orders;
  const { version, unitId } = await registry.register(await orders.train(), 'test');
  const model = small.model.name;
  const evidence = canonicalJson({ kind: 'verdict', model, version, unitId, verdict: 'passed', approval: 'local' });
  await registry.recordVerdict('gate', { evidence, signature: keys.sign(Buffer.from(evidence)) });
  await registry.approve(model, version, 'local');
  await registry.promote(model, version, 'test', 'a test');
  while (serving.unit()?.version !== version) await serving.looked();

  const answers: Json[] = [];
  for (const { wire } of asks) {
    const { status, json } = await call('/v1/classify', { event: wire });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.unitId, unitId);
    assert.equal(json.event, (wire as Json).order_id);
    assert.equal(json.fallback, null);
    const shown = Number(json.probability);
    assert.ok(shown >= 0 && shown <= 1 && Number.isInteger(Math.round(shown * 1e6) / 1e4), `probability ${shown}`);
    assert.deepEqual(Object.keys(json).includes('features'), false);
    answers.push(json);
  }
  const stranger = { ...(asks[0]?.wire as Json), user_id: 'nobody-we-know', order_id: 'o-stranger' };
  const strange = await call('/v1/classify', { event: stranger });
  assert.equal(strange.json.fallback, null);

  await serving.logged();
  const topic = predictionTopic(small);
  const sink = await startLakeSink({ log, lake, topic, table: predictionTable(small), decode: decodePrediction, clock, logger });
  await sink.caughtUp();
  await sink.close();
  for (const { requestId, decision } of [...answers.slice(0, 3), strange.json]) {
    const { status, json } = await call(`/v1/explain/${requestId}`, undefined, 'explain');
    assert.equal(status, 200);
    assert.equal(json.verified, true, JSON.stringify(json).slice(0, 2_000));
    const { items, scores } = json.answer as { readonly items: readonly string[]; readonly scores: readonly number[] };
    assert.deepEqual(items, [decision]);
    assert.equal(decisionOf(small.serving.decisions, scores[0] as number), decision);
  }
  const rows = await lake.query(`select features from fraud.prediction`);
  const text = rows.map(({ features }) => String(features)).join();
  const cards = asks.map(({ wire }) => (wire as Json).card).filter((card) => typeof card === 'string');
  assert.ok(cards.length > 0 && [...cards, 'nobody-we-know'].every((personal) => !text.includes(personal)));
});

test('an event that the door would refuse is refused, with the field, and a token of another scope too', async () => {
  const { status, json } = await call('/v1/classify', { event: { ...(asks[0]?.wire as Json), amount: -1 } });
  assert.deepEqual([status, json.code, json.field], [400, 'MR_SERVING_BODY_INVALID', 'body.event.amount']);
  assert.equal((await call('/v1/classify', { event: asks[0]?.wire, k: 5 })).status, 400);
  assert.equal((await call('/v1/classify', { event: asks[0]?.wire }, 'recommend')).status, 403);
  assert.equal((await call('/v1/recommend', { user: 'u' }, 'recommend')).status, 404);
});

test('the decision is the strictest whose least probability is reached', () => {
  const decisions = { accept: 0, review: 0.2, refuse: 0.6 };
  assert.deepEqual(
    [0, 0.199, 0.2, 0.6, 1].map((probability) => decisionOf(decisions, probability)),
    ['accept', 'accept', 'review', 'refuse', 'refuse'],
  );
  assert.throws(() => decisionOf({ refuse: 0.5 }, 0.1), RangeError);
});
