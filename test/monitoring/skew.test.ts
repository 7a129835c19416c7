import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { startMaterializer } from '../../app/features/materialize.ts';
import { predictionTable } from '../../app/lake/event-table.ts';
import { skewMetrics } from '../../app/monitoring/metrics.ts';
import { startSkewWatch } from '../../app/monitoring/skew.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { answer, LATER } from '../features/answers.ts';
import { clicks, openShop } from '../features/shop.ts';

const MINUTE = 60_000_000;
const FEATURES = Object.keys(view.features).length;

test('a served value that differs from the lake is counted by its view, and no series names a person', async (t) => {
  const shop = await openShop();
  const materializer = startMaterializer({ ...shop, view });
  t.after(async () => {
    await materializer.close();
    await shop.close();
    await shop.remove();
  });
  await shop.append(clicks(350));
  await materializer.caughtUp();
  await shop.sink();
  const table = predictionTable(shop.usecase);
  await shop.lake.ensureTable(table);
  const serve = async (i: number, change?: Parameters<typeof answer>[2]) =>
    shop.lake.commit(table.name, {
      operation: 'WRITE',
      add: [await shop.lake.stage(table.name, [await answer(shop, i, change)])],
    });
  const metrics = new Registry();
  const count = skewMetrics(metrics, shop.usecase);
  const series = async () => (await metrics.metrics()).split('\n').filter((line) => line.startsWith('millrace_features_'));
  const compare = (now: number) => startSkewWatch({ ...shop, clock: { ...shop.clock, now: () => now }, count }).close();
  const found = (compared: number, mismatched: number) => [
    `millrace_features_compared_total{view="user_activity"} ${compared}`,
    `millrace_features_mismatched_total{view="user_activity"} ${mismatched}`,
  ];

  assert.deepEqual(await series(), found(0, 0), 'a series that begins above 0 shows no rise');
  await serve(1);
  await compare(LATER + MINUTE);
  assert.deepEqual(await series(), found(FEATURES, 0));
  await serve(2, (features) => {
    features['user_activity.views_1h'] = 1_000;
  });
  await compare(LATER + MINUTE);
  assert.deepEqual(await series(), found(3 * FEATURES, 1));
  await compare(LATER + 24 * 60 * MINUTE);
  assert.deepEqual(await series(), found(3 * FEATURES, 1), 'an answer of yesterday was compared again');
});
