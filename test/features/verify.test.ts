import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMaterializer } from '../../app/features/materialize.ts';
import { readOnline } from '../../app/features/serve-features.ts';
import { verifyServed } from '../../app/features/verify.ts';
import { predictionTable } from '../../app/lake/event-table.ts';
import type { LakeRow } from '../../app/lake/port.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { clicks, openShop, type Shop, START } from './shop.ts';

const HOUR = 3_600_000_000;

/** What serving logs of one answer. */
async function answer(
  shop: Shop,
  i: number,
  change: (features: Record<string, unknown>) => void = () => undefined,
): Promise<LakeRow> {
  const [entity, at] = [`user-${i % 7}`, START + 60 * HOUR + i];
  const row = await readOnline({ ...shop, view, entity, t: at });
  const features: Record<string, unknown> = { 'request.k': 20 };
  for (const [name, value] of Object.entries(row?.values ?? {})) features[`${view.name}.${name}`] = value;
  change(features);
  return {
    ...{
      request_id: `request-${i}`,
      unit_id: 'unit',
      version: 1,
      user_id: entity,
      at,
      items: ['item-1'],
      scores: [0.5],
      fallback: null,
    },
    ...{ feature_partition: row?.partition ?? null, feature_offset: row?.nextOffset ?? null, features: JSON.stringify(features) },
    ...{ confidence: 1, latency_ms: 1, _partition: 0, _offset: i, _ingested_at: at },
  };
}

test('served values are found equal after more events came, and each that was changed is named', async () => {
  const shop = await openShop();
  const materializer = startMaterializer({ ...shop, view });
  try {
    const rows = clicks(700);
    await shop.append(rows.slice(0, 350));
    await materializer.caughtUp();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => answer(shop, i)));
    await shop.append(rows.slice(350));
    await materializer.caughtUp();
    answers.push(...(await Promise.all(Array.from({ length: 20 }, (_, i) => answer(shop, 20 + i)))));
    const table = predictionTable(shop.usecase);
    await shop.lake.ensureTable(table);
    await shop.lake.commit(table.name, { operation: 'WRITE', add: [await shop.lake.stage(table.name, answers)] });
    assert.equal((await verifyServed({ ...shop, sample: 100, seed: 1 })).answers, 0, 'the events are not in the lake yet');
    await shop.sink(({ kind }) => kind === 'purchase');

    const good = await verifyServed({ ...shop, sample: 100, seed: 1 });
    assert.deepEqual(good, { answers: 40, compared: 40 * Object.keys(view.features).length, mismatches: [] });
    assert.equal((await verifyServed({ ...shop, sample: 5, seed: 2 })).answers, 5);

    const wrong = await answer(shop, 40, (features) => {
      features['user_activity.events_30d'] = Number(features['user_activity.events_30d']) + 1;
      features['user_activity.mean_price_1d'] = Number(features['user_activity.mean_price_1d']) * (1 + 1e-8) + 1e-8;
    });
    await shop.lake.commit(table.name, { operation: 'WRITE', add: [await shop.lake.stage(table.name, [wrong])] });
    const { mismatches } = await verifyServed({ ...shop, sample: 100, seed: 1 });
    assert.deepEqual(
      mismatches.map(({ requestId, feature }) => [requestId, feature]),
      [
        ['request-40', 'user_activity.events_30d'],
        ['request-40', 'user_activity.mean_price_1d'],
      ],
    );
  } finally {
    await materializer.close();
    await shop.close();
    await shop.remove();
  }
});
