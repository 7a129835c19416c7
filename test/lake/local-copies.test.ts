import assert from 'node:assert/strict';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DataFiles } from '../../app/lake/data-files.ts';
import { lakeError } from '../../app/lake/errors.ts';
import { localCopies } from '../../app/lake/local-copies.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';

interface Place {
  readonly objects: ObjectStore;
  readonly files: DataFiles;
  /** Keys in the order they were fetched. */
  readonly fetched: string[];
  /** Bytes that the copies take. */
  taken(): Promise<number>;
  /** What `getFile` waits for. */
  gate: Promise<void>;
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const SIZE = 10;
/** A different text of the same length under each key. */
const contents = (key: string) => key.repeat(SIZE);

/** Copies of a store that holds `KEYS`, of SIZE bytes each, with room for three. */
async function place(body: (place: Place) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-copies-'));
  try {
    const { location: _elsewhere, ...store } = await openEmbeddedObjects(join(dir, 'objects'));
    for (const key of KEYS) await store.put(key, Buffer.from(contents(key)));
    const fetched: string[] = [];
    let count = 0;
    const copies = await mkdtemp(join(dir, 'copies-'));
    const self: Place = {
      gate: Promise.resolve(),
      fetched,
      objects: {
        ...store,
        async getFile(key, path) {
          fetched.push(key);
          await self.gate;
          await store.getFile(key, path);
        },
      },
      files: { hold: (files) => local.hold(files), forget: (key) => local.forget(key) },
      taken: async () =>
        (await Promise.all((await readdir(copies)).map((name) => readFile(join(copies, name)).catch(() => '')))).join('').length,
    };
    const local = localCopies(self.objects, { newPath: () => join(copies, String(++count)), limit: 3 * SIZE, parallel: 2 });
    await body(self);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const named = (...keys: readonly string[]) => keys.map((key) => ({ key, bytes: SIZE }));
const texts = async (paths: readonly string[]) => Promise.all(paths.map((path) => readFile(path, 'utf8')));
const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

test('a file is fetched once for all who hold it, at once and later, and in the order asked for', () =>
  place(async ({ files, fetched }) => {
    const [one, two] = await Promise.all([files.hold(named('a', 'b')), files.hold(named('b', 'a', 'b'))]);
    assert.deepEqual(await texts(one.paths), ['a', 'b'].map(contents));
    assert.deepEqual(await texts(two.paths), ['b', 'a', 'b'].map(contents));
    one.release();
    two.release();
    (await files.hold(named('a'))).release();
    assert.deepEqual(fetched, ['a', 'b']);
  }));

test('the least recently used go first, and no more is taken than the limit', () =>
  place(async ({ files, fetched, taken }) => {
    for (const key of ['a', 'b', 'c', 'a', 'd']) {
      (await files.hold(named(key))).release();
      await settled();
      assert.ok((await taken()) <= 3 * SIZE);
    }
    fetched.length = 0;
    (await files.hold(named('a', 'c', 'd'))).release();
    assert.deepEqual(fetched, []);
    (await files.hold(named('b'))).release();
    assert.deepEqual(fetched, ['b']);
  }));

test('a held file stays while others come and go, and a hold that would not fit is refused and changes nothing', () =>
  place(async ({ files, taken }) => {
    const held = await files.hold(named('a', 'b'));
    for (const key of ['c', 'd', 'e']) (await files.hold(named(key))).release();
    await settled();
    assert.deepEqual(await texts(held.paths), ['a', 'b'].map(contents));
    await assert.rejects(files.hold(named('c', 'd')), {
      code: 'MR_LAKE_SCRATCH_FULL',
      value: 40,
      expected: 'at most 30 bytes at a time',
    });
    assert.deepEqual(await texts(held.paths), ['a', 'b'].map(contents));
    assert.ok((await taken()) <= 3 * SIZE);
    held.release();
    held.release();
    const next = await files.hold(named('c', 'd', 'e'));
    assert.deepEqual(await texts(next.paths), ['c', 'd', 'e'].map(contents));
    next.release();
  }));

test('a fetch that fails is told to all who wait, holds nothing, and is tried again by the next', () =>
  place(async (self) => {
    const { files, fetched } = self;
    self.gate = Promise.reject(lakeError('MR_LAKE_STORE_UNREACHABLE', 'away'));
    self.gate.catch(() => undefined);
    const both = await Promise.allSettled([files.hold(named('a', 'b')), files.hold(named('a'))]);
    for (const result of both) assert.equal((result as PromiseRejectedResult).reason.code, 'MR_LAKE_STORE_UNREACHABLE');
    self.gate = Promise.resolve();
    const held = await files.hold(named('a', 'b', 'c'));
    assert.deepEqual(await texts(held.paths), ['a', 'b', 'c'].map(contents));
    assert.deepEqual(fetched.filter((key) => key === 'a').length, 2);
    held.release();
    await assert.rejects(files.hold(named('none')), { code: 'MR_LAKE_OBJECT_MISSING' });
  }));

test('a forgotten file is fetched anew, and whoever holds the old copy keeps it', () =>
  place(async ({ files, objects, taken }) => {
    const old = await files.hold(named('a'));
    await objects.put('a', Buffer.from('A'.repeat(SIZE)));
    files.forget('a');
    const fresh = await files.hold(named('a'));
    assert.deepEqual(await texts([...old.paths, ...fresh.paths]), [contents('a'), 'A'.repeat(SIZE)]);
    old.release();
    await settled();
    await assert.rejects(access(old.paths[0] ?? ''), { code: 'ENOENT' });
    assert.equal(await taken(), SIZE);
    fresh.release();
    files.forget('a');
    await settled();
    assert.equal(await taken(), 0);
  }));

test('whatever is held, forgotten and released in whatever order: what is held is there and the limit is kept', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('hold' as const),
      keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('release' as const), which: fc.nat(4) }),
    fc.record({ kind: fc.constant('forget' as const), key: fc.constantFrom(...KEYS) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
      place(async ({ files, taken }) => {
        const held: { readonly keys: readonly string[]; readonly paths: readonly string[]; release(): void }[] = [];
        for (const one of steps) {
          if (one.kind === 'hold') {
            const got = await files.hold(named(...one.keys)).catch((error: { code: string }) => {
              assert.equal(error.code, 'MR_LAKE_SCRATCH_FULL');
            });
            if (got !== undefined) held.push({ keys: one.keys, ...got });
          } else if (one.kind === 'forget') files.forget(one.key);
          else if (held.length > 0) held.splice(one.which % held.length, 1)[0]?.release();
          for (const { keys, paths } of held) assert.deepEqual(await texts(paths), keys.map(contents));
          assert.ok((await taken()) <= 3 * SIZE, `${await taken()} bytes`);
        }
      }),
    ),
    { numRuns: 30 },
  );
});
