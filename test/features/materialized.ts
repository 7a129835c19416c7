import assert from 'node:assert/strict';
import { historicalFeatures } from '../../app/features/historical.ts';
import { startMaterializer } from '../../app/features/materialize.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { readOnline } from '../../app/features/serve-features.ts';
import { onlineName } from '../../app/features/view-hash.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { openShop, type Shop } from './shop.ts';

export async function withShop(body: (shop: Shop) => Promise<void>): Promise<void> {
  const shop = await openShop();
  try {
    await body(shop);
  } finally {
    await shop.close();
    await shop.remove();
  }
}

/** Streams until all is online. */
export async function stream(
  shop: Shop,
  more: { readonly online?: OnlineStore; readonly erased?: () => Promise<ReadonlySet<string>> } = {},
): Promise<void> {
  const materializer = startMaterializer({ ...shop, view, maxRecords: 50, ...more });
  try {
    await materializer.caughtUp();
    assert.equal(await materializer.lag(), 0);
  } finally {
    await materializer.close();
  }
}

export const users = Array.from({ length: 7 }, (_, i) => `user-${i}`);
export const rowsOf = (shop: Shop) => shop.online.getMany(onlineName(view), users);

/** Every user's online values at `t` must be what the lake says over the offsets that the row holds. */
export async function sameAsLake(shop: Shop, t: number): Promise<void> {
  const online = await Promise.all(users.map((entity) => readOnline({ online: shop.online, view, entity, t })));
  const spine = online.map((row, i) => ({
    entity: users[i] ?? '',
    at: t,
    beforeOffset: row?.nextOffset,
    partition: row?.partition,
  }));
  const lake = await historicalFeatures(shop.lake, { usecase: shop.usecase, view, spine, quarantined: true });
  assert.deepEqual(
    online.map((row) => row?.values),
    lake,
  );
  assert.ok(lake.every(({ events_30d }) => Number(events_30d) > 0));
}
