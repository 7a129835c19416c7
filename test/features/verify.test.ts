import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMaterializer } from '../../app/features/materialize.ts';
import { verifyServed } from '../../app/features/verify.ts';
import { predictionTable } from '../../app/lake/event-table.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { answer, LATER } from './answers.ts';
import { clicks, openShop } from './shop.ts';

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
    const compared = 40 * Object.keys(view.features).length;
    assert.deepEqual(good, {
      ...{ answers: 40, compared, mismatches: [] },
      views: { [view.name]: { compared, mismatched: 0 } },
    });
    assert.equal((await verifyServed({ ...shop, sample: 100, seed: 1, since: LATER + 30 })).answers, 10);
    assert.equal((await verifyServed({ ...shop, sample: 5, seed: 2 })).answers, 5);

    const wrong = await answer(shop, 40, (features) => {
      features['user_activity.events_30d'] = Number(features['user_activity.events_30d']) + 1;
      features['user_activity.mean_price_1d'] = Number(features['user_activity.mean_price_1d']) * (1 + 1e-8) + 1e-8;
    });
    await shop.lake.commit(table.name, { operation: 'WRITE', add: [await shop.lake.stage(table.name, [wrong])] });
    const { mismatches, views } = await verifyServed({ ...shop, sample: 100, seed: 1 });
    assert.deepEqual(
      mismatches.map(({ requestId, feature }) => [requestId, feature]),
      [
        ['request-40', 'user_activity.events_30d'],
        ['request-40', 'user_activity.mean_price_1d'],
      ],
    );
    assert.deepEqual(views[view.name]?.mismatched, 2);
  } finally {
    await materializer.close();
    await shop.close();
    await shop.remove();
  }
});
