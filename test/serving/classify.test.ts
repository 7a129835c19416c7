import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { explanationText } from '../../app/serving/explain-text.ts';
import type { Explanation } from '../../app/serving/explanation.ts';
import { decisionOf } from '../../app/serving/model.ts';
import { small } from '../training/classifier/orders.ts';
import { type Json, type Orders, openOrders } from './classify-fixture.ts';

let orders: Orders;

before(async () => {
  orders = await openOrders();
});
after(() => orders?.close());

test('before the first release the declared fallback answers, without a probability', async () => {
  const { asks, call } = orders;
  const { status, json } = await call('/v1/classify', { event: asks[0] });
  assert.equal(status, 200);
  const { decision, probability, fallback, reason, unitId } = json;
  assert.deepEqual([decision, probability, fallback, reason, unitId], ['review', null, 'review', 'no-model', null]);
});

test('a release decides by calibrated probabilities, shown to two decimals, and every answer can be made again', async () => {
  const { asks, call, lake } = orders;
  const { unitId } = await orders.release();
  const answers: Json[] = [];
  for (const wire of asks) {
    const { status, json } = await call('/v1/classify', { event: wire });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.unitId, unitId);
    assert.equal(json.event, wire.order_id);
    assert.equal(json.fallback, null);
    const shown = Number(json.probability);
    assert.ok(shown >= 0 && shown <= 1 && Number.isInteger(Math.round(shown * 1e6) / 1e4), `probability ${shown}`);
    assert.deepEqual(Object.keys(json).includes('features'), false);
    answers.push(json);
  }
  const stranger = { ...asks[0], user_id: 'nobody-we-know', order_id: 'o-stranger' };
  const strange = await call('/v1/classify', { event: stranger });
  assert.equal(strange.json.fallback, null);

  await orders.sink();
  for (const { requestId, decision } of [...answers.slice(0, 3), strange.json]) {
    const { status, json } = await call(`/v1/explain/${requestId}`, undefined, 'explain');
    assert.equal(status, 200);
    assert.equal(json.verified, true, JSON.stringify(json).slice(0, 2_000));
    const { items, scores } = json.answer as { readonly items: readonly string[]; readonly scores: readonly number[] };
    assert.deepEqual(items, [decision]);
    assert.equal(decisionOf(small.serving.decisions, scores[0] as number), decision);
    const text = explanationText(json as unknown as Explanation);
    assert.match(text, new RegExp(`^Decision {2}${decision}, probability 0\\.\\d{6} by the model`, 'm'));
    assert.match(text, /^Verified: the same decision again/m);
    assert.doesNotMatch(text, /\bitems?\b/);
  }
  const rows = await lake.query(`select features from fraud.prediction`);
  const text = rows.map(({ features }) => String(features)).join();
  const cards = asks.map(({ card }) => card).filter((card) => typeof card === 'string');
  assert.ok(cards.length > 0 && [...cards, 'nobody-we-know'].every((personal) => !text.includes(personal)));
});

test('an event that the door would refuse is refused, with the field, and a token of another scope too', async () => {
  const { asks, call } = orders;
  const { status, json } = await call('/v1/classify', { event: { ...asks[0], amount: -1 } });
  assert.deepEqual([status, json.code, json.field], [400, 'MR_SERVING_BODY_INVALID', 'body.event.amount']);
  assert.equal((await call('/v1/classify', { event: asks[0], k: 5 })).status, 400);
  assert.equal((await call('/v1/classify', { event: asks[0] }, 'recommend')).status, 403);
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
