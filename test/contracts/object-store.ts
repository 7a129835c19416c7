import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';

const body = (text: string) => Buffer.from(text);

/** What every object store promises. Each test gets an empty store; `open` opens the same one again, as another process would. */
export function objectStoreContract(
  name: string,
  start: () => Promise<{ store: ObjectStore; open(): Promise<ObjectStore>; end(): Promise<void> }>,
): void {
  const it = (title: string, run: (store: ObjectStore, open: () => Promise<ObjectStore>) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const { store, open, end } = await start();
      try {
        await run(store, open);
      } finally {
        await end();
      }
    });

  it('gives back what was put, and the newest of two', async (store, open) => {
    await store.put('a/b.bin', Buffer.from([0, 255, 13, 10]));
    assert.deepEqual(await store.get('a/b.bin'), Buffer.from([0, 255, 13, 10]));
    await store.put('a/b.bin', body('two'));
    assert.equal((await (await open()).get('a/b.bin')).toString(), 'two');
    await store.put('empty', Buffer.alloc(0));
    assert.equal((await store.get('empty')).length, 0);
  });

  it('names a missing object', async (store) => {
    await assert.rejects(store.get('no/such'), { code: 'MR_LAKE_OBJECT_MISSING', value: 'no/such' });
    assert.equal(await store.has('no/such'), false);
    await store.put('a/b', body('x'));
    assert.equal(await store.has('a'), false);
    await assert.rejects(store.get('a'), { code: 'MR_LAKE_OBJECT_MISSING' });
    assert.equal(await store.has('a/b/c'), false);
  });

  it('put-if-absent has one winner among many', async (store, open) => {
    const stores = [store, await open(), await open()];
    const results = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => ({
        index,
        won: await stores[index % 3]?.putIfAbsent('log/1.json', body(`writer ${index}`)),
      })),
    );
    const winners = results.filter(({ won }) => won);
    assert.equal(winners.length, 1);
    assert.equal((await store.get('log/1.json')).toString(), `writer ${winners[0]?.index}`);
    assert.equal(await store.putIfAbsent('log/1.json', body('late')), false);
  });

  it('moves a finished file in', async (store) => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-file-'));
    try {
      await writeFile(join(dir, 'part'), 'contents');
      await store.putFile('lake/part', join(dir, 'part'));
      assert.equal((await store.get('lake/part')).toString(), 'contents');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('copies an object into a new file, and leaves no file where there is no object', async (store) => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-file-'));
    try {
      await store.put('lake/part', body('contents'));
      await store.getFile('lake/part', join(dir, 'copy'));
      assert.equal(await readFile(join(dir, 'copy'), 'utf8'), 'contents');
      await assert.rejects(store.getFile('lake/part', join(dir, 'copy')), { code: 'EEXIST' });
      assert.equal(await readFile(join(dir, 'copy'), 'utf8'), 'contents');
      await assert.rejects(store.getFile('no/such', join(dir, 'other')), { code: 'MR_LAKE_OBJECT_MISSING', value: 'no/such' });
      await assert.rejects(store.getFile('lake', join(dir, 'other')), { code: 'MR_LAKE_OBJECT_MISSING' });
      assert.deepEqual(await readdir(dir), ['copy']);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('lists by prefix in byte order, and nothing else', async (store) => {
    // By UTF-16 units the emoji (U+1F600) would come before U+FB00; by bytes it comes after.
    const keys = ['a/1', 'a/10', 'a/2', 'a/b/c', 'ab', 'b/1', 'b/\u{fb00}', 'b/\u{1f600}'];
    for (const key of [...keys].reverse()) await store.put(key, body(key));
    const list = async (prefix: string) => (await store.list(prefix)).map(({ key }) => key);
    assert.deepEqual(await list(''), keys);
    assert.deepEqual(await list('a/'), ['a/1', 'a/10', 'a/2', 'a/b/c']);
    assert.deepEqual(await list('a'), ['a/1', 'a/10', 'a/2', 'a/b/c', 'ab']);
    assert.deepEqual(await list('a/1'), ['a/1', 'a/10']);
    assert.deepEqual(await list('none/'), []);
    const [info] = await store.list('a/b/');
    assert.equal(info?.bytes, 5);
    assert.ok(Math.abs((info?.modifiedAtMs ?? 0) - Date.now()) < 3_600_000);
  });

  it('deletes, also what is not there', async (store) => {
    await store.put('a/b', body('x'));
    await store.delete('a/b');
    assert.equal(await store.has('a/b'), false);
    await store.delete('a/b');
    await store.delete('never/was');
  });

  it('refuses keys that would leave the store or mean two things', async (store) => {
    for (const key of [
      '',
      '/etc/passwd',
      '../up',
      'a/../../up',
      'a/./b',
      'a//b',
      'a/',
      'a\\b',
      'a\u0000b',
      `a/${'x'.repeat(300)}`,
    ]) {
      await assert.rejects(async () => store.put(key, body('x')), { code: 'MR_LAKE_OBJECT_KEY' }, key);
      await assert.rejects(async () => store.get(key), { code: 'MR_LAKE_OBJECT_KEY' }, key);
    }
    assert.deepEqual(await store.list(''), []);
  });
}
