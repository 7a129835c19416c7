import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { STREAMED } from '../../app/features/backfill.ts';
import { backfill } from '../../app/features/materialize.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { readOnline } from '../../app/features/serve-features.ts';
import { consumerName, onlineName } from '../../app/features/view-hash.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { rowsOf, sameAsLake, stream, withShop } from './materialized.ts';
import { clicks, openShop, START, TOPIC } from './shop.ts';

const DAY = 86_400_000_000;

test('what the stream keeps online is what the lake computes, at any later moment', () =>
  withShop(async (shop) => {
    await shop.append(clicks(700));
    await stream(shop);
    await shop.sink();
    for (const days of [2.5, 3, 20, 31]) await sameAsLake(shop, START + days * DAY);
    const ends = await shop.log.endOffsets(TOPIC);
    assert.deepEqual(
      [...(await shop.online.offsets(consumerName(view)))].sort(),
      [...ends.flatMap((end, p) => (end > 0 ? [[p, end]] : [])), [STREAMED, 1]].sort(),
    );
  }));

test('a backfill gives the bytes that the stream would have, and the stream goes on at its offsets', () =>
  withShop(async (shop) => {
    const rows = clicks(900);
    await shop.append(rows.slice(0, 700));
    await shop.sink(({ kind, price }) => kind === 'basket' && price === null);
    const progress: number[] = [];
    const filled = await backfill({
      ...shop,
      view,
      bucketRows: 100,
      onProgress: ({ bucket, buckets }) => progress.push(bucket / buckets),
    });
    assert.equal(filled.rows, 700);
    assert.equal(filled.entities, 7);
    assert.ok(progress.length >= 6 && progress.at(-1) === 1, String(progress));
    const byBackfill = await rowsOf(shop);
    await shop.append(rows.slice(700));
    await stream(shop);
    const both = await rowsOf(shop);
    assert.equal((await backfill({ ...shop, view })).version, undefined, 'a filled view is left alone');

    const other = await openShop();
    try {
      await other.append(rows.slice(0, 700));
      await stream(other);
      assert.deepEqual(byBackfill, await rowsOf(other));
      await other.append(rows.slice(700));
      await stream(other);
      assert.deepEqual(both, await rowsOf(other));
    } finally {
      await other.close();
      await other.remove();
    }
    await shop.sink();
    await sameAsLake(shop, START + 4 * DAY);
  }));

test('a backfill that died goes on at its first unfinished bucket, at the version it began with', () =>
  withShop(async (shop) => {
    await shop.append(clicks(700));
    const version = await shop.sink();
    let writes = 0;
    const failing: OnlineStore = {
      ...shop.online,
      write: async (batch) => {
        if (++writes > 6) throw new Error('the disk is full');
        return shop.online.write(batch);
      },
    };
    await assert.rejects(backfill({ ...shop, view, online: failing, bucketRows: 100 }), /disk is full/);
    assert.deepEqual(
      await shop.online.offsets(consumerName(view)),
      new Map([[STREAMED, 0]]),
      'no offsets before the last bucket',
    );
    await shop.append(clicks(100));
    await shop.sink();
    const buckets: number[] = [];
    const filled = await backfill({ ...shop, view, bucketRows: 100, onProgress: ({ bucket }) => buckets.push(bucket) });
    assert.equal(filled.version, version);
    assert.ok(buckets.length > 0 && buckets.length < 7, `buckets filled again: ${buckets}`);
    await stream(shop);
    await sameAsLake(shop, START + 4 * DAY);
  }));

const CHILD = `
  import { startMaterializer } from ${JSON.stringify(import.meta.resolve('../../app/features/materialize.ts'))};
  import { activity as view } from ${JSON.stringify(import.meta.resolve('../../app/usecases/retail/features.ts'))};
  import { openShop } from ${JSON.stringify(import.meta.resolve('./shop.ts'))};
  const shop = await openShop(process.argv[1]);
  const crashAfter = Number(process.argv[2]);
  let writes = 0;
  const online = { ...shop.online, write: async (batch) => {
    if (++writes === crashAfter && process.argv[3] === 'before') process.kill(process.pid, 'SIGKILL');
    const writing = shop.online.write(batch);
    if (writes === crashAfter && process.argv[3] === 'during') process.kill(process.pid, 'SIGKILL');
    await writing;
    if (writes === crashAfter) process.kill(process.pid, 'SIGKILL');
  } };
  const materializer = startMaterializer({ ...shop, view, online, maxRecords: 20 });
  await materializer.caughtUp();
`;

test('a materializer killed by SIGKILL before, during and after a write counts each event once', async () => {
  const whole = await openShop();
  const killed = await openShop();
  try {
    await Promise.all([whole.append(clicks(700)), killed.append(clicks(700))]);
    await stream(whole);
    await killed.close();
    for (const [writes, moment] of [
      [3, 'before'],
      [4, 'during'],
      [5, 'after'],
    ] as const) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, killed.home, String(writes), moment], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [, signal] = await once(child, 'exit');
      assert.equal(signal, 'SIGKILL', moment);
    }
    const again = await openShop(killed.home);
    try {
      const before = [...(await again.online.offsets(consumerName(view))).values()].reduce((sum, next) => sum + next, 0);
      assert.ok(before > 0 && before < 700, `${before} of 700 records were applied when it died`);
      await stream(again);
      assert.deepEqual(await rowsOf(again), await rowsOf(whole));
      await again.sink();
      await sameAsLake(again, START + 4 * DAY);
    } finally {
      await again.close();
    }
  } finally {
    await whole.close();
    await Promise.all([whole.remove(), killed.remove()]);
  }
});

test('an erased entity does not come back from what still lies in log and lake', () =>
  withShop(async (shop) => {
    await shop.append(clicks(140));
    await shop.sink();
    const erased = async () => new Set(['user-3']);
    await backfill({ ...shop, view });
    assert.equal(await shop.online.erase('user-3'), 1);
    await shop.append(clicks(70));
    await stream(shop, { erased });
    const t = START + 2 * DAY;
    assert.equal(await readOnline({ ...shop, view, entity: 'user-3', t }), undefined);
    assert.notEqual(await readOnline({ ...shop, view, entity: 'user-2', t }), undefined);
    await shop.online.drop(onlineName(view));
    const other = { ...view, name: 'second' };
    await backfill({ ...shop, view: other, erased });
    assert.equal(await shop.online.count(onlineName(other)), 6);
  }));

test('a record that is no event is passed over, and a failing store is tried again', () =>
  withShop(async (shop) => {
    await shop.append(clicks(70));
    await shop.log.append(
      TOPIC,
      ['no json', '[1]', '{"user_id":7}'].map((text) => ({ key: 'user-1', value: Buffer.from(text) })),
    );
    await shop.append(clicks(70).map((row) => ({ ...row, event_time: Number(row.event_time) + DAY })));
    let failures = 2;
    const shaky: OnlineStore = {
      ...shop.online,
      write: async (batch) => {
        if (failures-- > 0) throw new Error('the store is away');
        return shop.online.write(batch);
      },
    };
    await stream(shop, { online: shaky });
    const found = await readOnline({ ...shop, view, entity: 'user-1', t: START + 3 * DAY });
    assert.equal(found?.values.events_30d, 20);
  }));
