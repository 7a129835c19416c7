import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { consumerName, onlineName } from '../../app/features/view-hash.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { rowsOf, sameAsLake, stream, users, withShop } from './materialized.ts';
import { clicks, openShop, START, TOPIC } from './shop.ts';

const DAY = 86_400_000_000;

test('a store whose fail-over lost the last writes is filled again from what it still holds', () =>
  withShop(async (shop) => {
    await shop.append(clicks(700));
    const name = onlineName(view);
    const consumer = consumerName(view);
    let writes = 0;
    let held: { readonly rows: readonly (Buffer | undefined)[]; readonly offsets: ReadonlyMap<number, number> } | undefined;
    const failedOver: OnlineStore = {
      ...shop.online,
      write: async (batch) => {
        writes += 1;
        if (writes === 3) held = { rows: await rowsOf(shop), offsets: await shop.online.offsets(consumer) };
        if (writes !== 8 || held === undefined) return shop.online.write(batch);
        const { rows, offsets } = held;
        const gone = [...(await shop.online.offsets(consumer)).keys()].map((partition) => [partition, 0] as const);
        await shop.online.drop(name);
        await shop.online.write({
          rows: users.flatMap((entity, i) => (rows[i] === undefined ? [] : [{ view: name, entity, row: rows[i] }])),
          offsets: { consumer, next: new Map([...gone, ...offsets]) },
        });
        throw new Error('the offsets are not those that were written last');
      },
    };
    await stream(shop, { online: failedOver });
    assert.ok(writes > 8);
    await shop.sink();
    await sameAsLake(shop, START + 3 * DAY);
    const ends = await shop.log.endOffsets(TOPIC);
    const offsets = await shop.online.offsets(consumer);
    assert.deepEqual(
      ends.map((_, partition) => offsets.get(partition) ?? 0),
      ends,
    );
    const other = await openShop();
    try {
      await other.append(clicks(700));
      await stream(other);
      assert.deepEqual(await rowsOf(shop), await rowsOf(other));
    } finally {
      await other.close();
      await other.remove();
    }
  }));
