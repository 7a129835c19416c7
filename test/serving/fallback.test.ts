import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { embeddingUnit } from '../../app/registry/release.ts';
import { ITEMS, openFixture } from './fixture.ts';

/** The store with `get` replaced. */
const storeWith = (online: OnlineStore, get: OnlineStore['get']): OnlineStore => ({
  get,
  getMany: (view, entities) => online.getMany(view, entities),
  write: (batch) => online.write(batch),
  offsets: (consumer) => online.offsets(consumer),
  erase: (entity) => online.erase(entity),
  drop: (view) => online.drop(view),
  count: (view) => online.count(view),
  close: () => online.close(),
});

test('a store that fails, and one that is too slow, give the popular items, marked', async () => {
  const fixture = await openFixture({ storeTimeoutMs: 20 });
  try {
    await fixture.click('user-1', ['item-03']);
    await fixture.promote(await fixture.release(1));
    let mode: 'fails' | 'hangs' | 'works' = 'fails';
    const online = storeWith(fixture.online, (view, entity) => {
      if (mode === 'fails') return Promise.reject(new Error('the store is gone'));
      if (mode === 'hangs') return new Promise(() => undefined);
      return fixture.online.get(view, entity);
    });
    const serving = await fixture.start({ online });
    const ask = async () => {
      const { status, json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 });
      return [status, json['fallback'], json['reason'], json.items.join() === ITEMS.slice(0, 3).join()];
    };
    assert.deepEqual(await ask(), [200, 'popular', 'store-failed', true]);
    mode = 'hangs';
    assert.deepEqual(await ask(), [200, 'popular', 'store-slow', true]);
    mode = 'works';
    assert.deepEqual(await ask(), [200, null, null, false]);
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    assert.match(metrics, /millrace_serving_requests_total\{route="\/v1\/recommend",status="200",fallback="popular"\} 2/);
    assert.match(metrics, /millrace_serving_requests_total\{route="\/v1\/recommend",status="200",fallback="none"\} 1/);
  } finally {
    await fixture.close();
  }
});

test('a key store that fails, and a row that was tampered with, do not become a 500', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    const version = await fixture.release(1);
    await fixture.promote(version);
    let broken = false;
    const keys: KeyStore = Object.assign(Object.create(fixture.keys) as KeyStore, {
      async known(user: string) {
        if (broken) throw new Error('the keyring is locked');
        return fixture.keys.known(user);
      },
    });
    const serving = await fixture.start({ keys });
    broken = true;
    const failed = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 });
    assert.deepEqual([failed.status, failed.json['reason']], [200, 'store-failed']);
    broken = false;
    const entity = (await fixture.keys.subject('user-1')).pseudonym;
    await fixture.online.write({
      rows: [{ view: `user_taste@${embeddingUnit(version.manifest)}`, entity, row: Buffer.alloc(160) }],
    });
    const tampered = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 });
    assert.deepEqual([tampered.status, tampered.json['reason']], [200, 'store-failed']);
  } finally {
    await fixture.close();
  }
});
