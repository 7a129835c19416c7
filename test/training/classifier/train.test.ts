import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, HOUR, type Micros } from '../../../app/clock/port.ts';
import { type ClassifierBacktest, openClassifierBacktest } from '../../../app/training/classifier/backtest.ts';
import { classifierInputs } from '../../../app/training/classifier/columns.ts';
import { orderSimulation } from '../../../app/usecases/fraud/simulation.ts';
import { logistic } from '../../../app/usecases/model.ts';
import type { ClassifierUseCase } from '../../../app/usecases/usecase.ts';
import { freshOrders, NOW, small } from './orders.ts';

let orders: Awaited<ReturnType<typeof freshOrders>>;
let backtest: ClassifierBacktest;

before(async () => {
  orders = await freshOrders(small, orderSimulation.events({ from: NOW - DAY, to: NOW, changes: [] }), NOW);
  backtest = await openClassifierBacktest({ usecase: small, lake: orders.lake, keys: orders.keys });
});
after(() => orders.end());

test('the release beats the best rule, its probabilities come true, and equal snapshots give equal files', async () => {
  const release = await orders.train();
  const value = (name: string) => release.metrics.metrics[name]?.value ?? Number.NaN;
  assert.ok(value('auc') > 0.85, `auc ${value('auc')}`);
  assert.ok(value('prAuc') > (release.baseline.metrics.prAuc?.value ?? 1));
  assert.ok(value('ece') < 0.05 && value('brier') < 0.05);
  assert.deepEqual(Object.keys(release.metrics.segments), ['new', 'known', 'regular']);
  for (const { value: middle, low, high } of Object.values(release.metrics.metrics)) assert.ok(low <= middle && middle <= high);
  assert.equal(release.dataset.tables['fraud.outcome'], 1);
  assert.equal((await orders.train()).prefix, release.prefix);
});

test('a logistic regression is trained, judged and written the same way', async () => {
  const trainer = logistic({ ridge: [1], maxTrials: 1 });
  const release = await orders.train({ ...small, model: { ...small.model, trainer } });
  assert.equal(release.trainer, 'logistic');
  assert.ok((release.metrics.metrics.auc?.value ?? 0) > 0.8);
});

test('only orders whose outcome is final are learnt from, and a fold knows no label that came after its origin', () => {
  const { dataset, folds } = backtest;
  assert.ok(dataset.events.every(({ at }) => at + HOUR <= dataset.knownAt));
  assert.ok(dataset.knownAt < NOW && dataset.events.length > 5_000);
  for (const fold of folds) {
    assert.ok(backtest.learnt(fold.origin).events.every(({ at }) => at + HOUR <= fold.origin));
    const judged = backtest.judged(fold).events;
    assert.ok(judged.length > 100 && judged.every(({ at }) => at >= fold.origin && at < fold.end));
  }
});

test('windowed columns hold what was known just before the order, without the order itself', () => {
  const { columns } = classifierInputs(small);
  const column = columns.findIndex(({ input }) => input === 'user_orders.orders_1h');
  const byUser = new Map<string, Micros[]>();
  let several = 0;
  for (const [row, { entity, at }] of backtest.dataset.events.entries()) {
    const earlier = (byUser.get(entity) ?? []).filter((time) => time < at && time > at - 1 - HOUR);
    several += earlier.length > 0 ? 1 : 0;
    assert.equal(backtest.examples.x[row * columns.length + column], earlier.length);
    byUser.set(entity, [...(byUser.get(entity) ?? []), at]);
  }
  assert.ok(several > 50);
});

test('an erased person is left out of labels and features', async () => {
  const gone = backtest.dataset.events[0]?.entity ?? '';
  const keys = { erased: async () => new Set([gone]) };
  const { dataset } = await openClassifierBacktest({ usecase: small, lake: orders.lake, keys });
  assert.ok(dataset.events.every(({ entity }) => entity !== gone));
  assert.ok(dataset.events.length < backtest.dataset.events.length);
});

test('an input that cannot be a column is named: text, personal data, lists, other fields', () => {
  const reading = (input: string): ClassifierUseCase => ({ ...small, model: { ...small.model, inputs: [input] } });
  for (const input of ['order.device', 'order.card', 'order.event_time', 'order.nothing', 'user_orders.nothing', 'nothing.at'])
    assert.throws(() => classifierInputs(reading(input)), { code: 'MR_TRAINING_INPUTS', value: input });
});

test('a history without the class that is looked for is refused with what there is', async (t) => {
  const harmless = [...orderSimulation.events({ from: NOW - DAY / 4, to: NOW, changes: [] })].filter(
    ({ event, wire }) => event === 'order' || (wire as { readonly kind?: string }).kind === 'refund',
  );
  const none = await freshOrders(small, harmless, NOW);
  t.after(() => none.end());
  await assert.rejects(none.train(), { code: 'MR_TRAINING_TOO_LITTLE_DATA' });
});
