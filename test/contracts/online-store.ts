import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';

/** What every online store must do. `reopen` closes the store and opens the same one again, `another` opens it a second time. */
export interface OnlineStoreUnderTest {
  readonly store: OnlineStore;
  another(): Promise<OnlineStore>;
  reopen(): Promise<OnlineStoreUnderTest>;
  close(): Promise<void>;
}

const row = (text: string): Buffer => Buffer.from(text);
const write = (store: OnlineStore, view: string, entity: string, text: string) =>
  store.write({ rows: [{ view, entity, row: row(text) }] });

export function onlineStoreContract(name: string, make: () => Promise<OnlineStoreUnderTest>): void {
  const check = (title: string, body: (under: OnlineStoreUnderTest) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const under = await make();
      try {
        await body(under);
      } finally {
        await under.close();
      }
    });

  check('a row is what was last written, a missing one is undefined', async ({ store }) => {
    assert.equal(await store.get('view', 'ann'), undefined);
    await write(store, 'view', 'ann', 'first');
    await write(store, 'view', 'ann', 'second');
    assert.deepEqual(await store.get('view', 'ann'), row('second'));
    assert.equal(await store.get('other', 'ann'), undefined);
  });

  check('any bytes and any key come back as they were', async ({ store }) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const entity of ['😀', 'ﬀ', 'a\0b', 'a', ' ', 'x'.repeat(1500)]) {
      await store.write({ rows: [{ view: 'view', entity, row: Buffer.concat([bytes, row(entity)]) }] });
    }
    assert.deepEqual(await store.get('view', 'a\0b'), Buffer.concat([bytes, row('a\0b')]));
    assert.deepEqual(await store.get('view', '😀'), Buffer.concat([bytes, row('😀')]));
    assert.equal(await store.count('view'), 6);
  });

  check('many are read in the order asked', async ({ store }) => {
    await store.write({ rows: ['a', 'b', 'c'].map((entity) => ({ view: 'view', entity, row: row(entity) })) });
    assert.deepEqual(await store.getMany('view', ['c', 'none', 'a']), [row('c'), undefined, row('a')]);
  });

  check('rows read earlier do not change under the reader', async ({ store }) => {
    await write(store, 'view', 'ann', 'first');
    const [before] = await store.getMany('view', ['ann']);
    await write(store, 'view', 'ann', 'other');
    await store.get('view', 'ann');
    assert.deepEqual(before, row('first'));
  });

  check('rows and offsets are written together or not at all', async ({ store }) => {
    const next = new Map([[0, 5]]);
    const rows = [
      { view: 'view', entity: 'ann', row: row('kept') },
      { view: 'view', entity: '', row: row('no key') },
    ];
    await assert.rejects(store.write({ rows, offsets: { consumer: 'c', next } }), { code: 'MR_FEATURES_KEY_INVALID' });
    assert.equal(await store.get('view', 'ann'), undefined);
    assert.deepEqual(await store.offsets('c'), new Map());
    await store.write({ rows: rows.slice(0, 1), offsets: { consumer: 'c', next } });
    assert.deepEqual(await store.offsets('c'), next);
  });

  check('offsets move per partition and per consumer', async ({ store }) => {
    await store.write({
      rows: [],
      offsets: {
        consumer: 'c',
        next: new Map([
          [0, 5],
          [1, 7],
        ]),
      },
    });
    await store.write({
      rows: [],
      offsets: {
        consumer: 'c',
        next: new Map([
          [1, 9],
          [11, 1],
        ]),
      },
    });
    assert.deepEqual(
      await store.offsets('c'),
      new Map([
        [0, 5],
        [1, 9],
        [11, 1],
      ]),
    );
    assert.deepEqual(await store.offsets('d'), new Map());
  });

  check(
    'of two that write for one consumer, the one that was overtaken writes nothing until it reads the offsets again',
    async (under) => {
      const [first, second] = [under.store, await under.another()];
      const at = (store: OnlineStore, next: number) =>
        store.write({
          rows: [{ view: 'view', entity: 'ann', row: row(String(next)) }],
          offsets: { consumer: 'c', next: new Map([[0, next]]) },
        });
      for (const store of [first, second]) assert.deepEqual(await store.offsets('c'), new Map());
      await at(first, 5);
      await assert.rejects(at(second, 3), { code: 'MR_FEATURES_OFFSETS_MOVED' }, 'also where it saw none before');
      assert.deepEqual(await second.get('view', 'ann'), row('5'));
      await second.offsets('c');
      await at(second, 9);
      await assert.rejects(at(first, 7), { code: 'MR_FEATURES_OFFSETS_MOVED' });
      await at(first, 9);
      assert.deepEqual([await first.get('view', 'ann'), await first.offsets('c')], [row('9'), new Map([[0, 9]])]);
      await second.close();
    },
  );

  check('erasing an entity removes its rows in every view, and no other', async ({ store }) => {
    for (const view of ['a', 'b', 'c']) for (const entity of ['ann', 'anna']) await write(store, view, entity, 'x');
    await write(store, 'b', 'bob', 'x');
    await store.drop('c');
    assert.equal(await store.erase('ann'), 2);
    assert.equal(await store.erase('ann'), 0);
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((view) => store.get(view, 'ann'))), [undefined, undefined, undefined]);
    assert.deepEqual(await store.get('a', 'anna'), row('x'));
    assert.deepEqual(await store.get('b', 'bob'), row('x'));
  });

  check('dropping a view removes its rows only', async ({ store }) => {
    for (const view of ['view', 'view2', 'vie']) await write(store, view, 'ann', view);
    await store.drop('view');
    assert.deepEqual(await Promise.all(['view', 'view2', 'vie'].map((view) => store.count(view))), [0, 1, 1]);
    await write(store, 'view', 'ann', 'again');
    assert.equal(await store.erase('ann'), 3);
  });

  check('what was written is there after a restart', async (under) => {
    await under.store.write({
      rows: [{ view: 'view', entity: 'ann', row: row('kept') }],
      offsets: { consumer: 'c', next: new Map([[3, 4]]) },
    });
    const again = await under.reopen();
    assert.deepEqual(await again.store.get('view', 'ann'), row('kept'));
    assert.deepEqual(await again.store.offsets('c'), new Map([[3, 4]]));
    await again.close();
  });
}
