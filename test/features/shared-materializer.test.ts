import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Backfill, backfill, startMaterializer } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import type { Membership } from '../../app/ingestion/event-log/port.ts';
import { Holding } from '../../app/ingestion/event-log/share-out.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { until } from '../cluster/until.ts';
import { rowsOf, sameAsLake, stream, users, withShop } from './materialized.ts';
import { clicks, openShop, type Shop, START, TOPIC } from './shop.ts';

const LATER = START + 4 * 86_400_000_000;

/** A second opening of the shop's online store, as another replica has it. */
async function beside(shop: Shop, body: (online: OnlineStore) => Promise<void>): Promise<void> {
  const online = await openEmbeddedOnline(join(shop.home, 'online'));
  try {
    await body(online);
  } finally {
    await online.close();
  }
}

/** The rows must be those that one materializer alone makes of the same events. */
async function sameAsAlone(shop: Shop, count: number): Promise<void> {
  const alone = await openShop();
  try {
    await alone.append(clicks(count));
    await stream(alone);
    assert.deepEqual(await rowsOf(shop), await rowsOf(alone));
  } finally {
    await alone.close();
    await alone.remove();
  }
}

/** A store whose writes of rows wait for `go` from the second on. */
function paused(online: OnlineStore) {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let batches = 0;
  const write: OnlineStore['write'] = async (batch) => {
    if (batch.rows.length > 0 && ++batches === 2) {
      reached.resolve();
      await go.promise;
    }
    return online.write(batch);
  };
  return { online: { ...online, write }, reached: reached.promise, go: () => go.resolve() };
}

const member = (holding: Holding): Membership => ({
  assignment: () => holding.assignment,
  commit: async () => undefined,
  leave: async () => undefined,
});

test('materializers that share a topic make the rows that one alone makes, also where one leaves in the middle', () =>
  withShop((shop) =>
    beside(shop, async (other) => {
      const members = [await shop.log.join('online', [TOPIC]), await shop.log.join('online', [TOPIC])] as const;
      const options = { ...shop, view, maxRecords: 20 };
      const one = startMaterializer({ ...options, members: members[0] });
      const two = startMaterializer({ ...options, online: other, members: members[1] });
      try {
        await shop.append(clicks(700).slice(0, 400));
        await Promise.all([one.caughtUp(), two.caughtUp()]);
        assert.deepEqual(
          members.map((member) => member.assignment().partitions(TOPIC)),
          [
            [0, 2],
            [1, 3],
          ],
        );
        await members[0].leave();
        await shop.append(clicks(700).slice(400));
        const ends = await shop.log.endOffsets(TOPIC);
        await until('the other has all', () => two.positions().join() === ends.join());
        assert.equal(await one.lag(), 0, 'nothing is its own any more');
      } finally {
        await Promise.all([one.close(), two.close()]);
      }
      await sameAsAlone(shop, 700);
    }),
  ));

test('a materializer that was paused in the middle of a write and wakes behind its successor takes no event back', () =>
  withShop((shop) =>
    beside(shop, async (other) => {
      const [before, after] = [new Holding(), new Holding()];
      const all = new Map([[TOPIC, [0, 1, 2, 3]]]);
      for (const holding of [before, after]) holding.take(all);
      await shop.append(clicks(700));
      const slow = paused(shop.online);
      const late = startMaterializer({ ...shop, view, online: slow.online, members: member(before), maxRecords: 20 });
      await slow.reached;
      const successor = startMaterializer({ ...shop, view, online: other, members: member(after), maxRecords: 30 });
      try {
        await successor.caughtUp();
        // It hears that it lost all only when its write is on its way.
        before.take();
      } finally {
        slow.go();
        await Promise.all([late.close(), successor.close()]);
      }
      await sameAsAlone(shop, 700);
    }),
  ));

test('replicas that fill a view at once fill it once, and one that is late writes no old row over the stream', () =>
  withShop((shop) =>
    beside(shop, async (other) => {
      await shop.append(clicks(700).slice(0, 500));
      await shop.sink();
      const slow = paused(shop.online);
      const late: Promise<Backfill> = backfill({ ...shop, view, online: slow.online, bucketRows: 100 });
      await slow.reached;
      const filled = await backfill({ ...shop, view, online: other, bucketRows: 100 });
      assert.ok(filled.version !== undefined);
      await shop.append(clicks(700).slice(500));
      const streaming = startMaterializer({ ...shop, view, online: other });
      try {
        await streaming.caughtUp();
      } finally {
        await streaming.close();
        slow.go();
      }
      assert.equal((await late).version, undefined, 'it found the view filled');
      await shop.sink();
      await sameAsLake(shop, LATER);
      assert.equal((await rowsOf(shop)).filter((row) => row !== undefined).length, users.length);
    }),
  ));

test('a fill that is under way when a stream begins without one is refused', () =>
  withShop((shop) =>
    beside(shop, async (other) => {
      await shop.append(clicks(300));
      await shop.sink();
      const slow = paused(shop.online);
      const late = backfill({ ...shop, view, online: slow.online, bucketRows: 50 });
      await slow.reached;
      await stream(shop, { online: other });
      slow.go();
      assert.equal((await late).version, undefined);
      await sameAsLake(shop, LATER);
    }),
  ));
