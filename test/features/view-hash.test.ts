import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlineName, viewHash } from '../../app/features/view-hash.ts';
import {
  defineEmbeddingView,
  defineEntity,
  defineFeatureView,
  type Feature,
  type FeatureView,
  over,
} from '../../app/usecases/feature.ts';
import { buyer, purchaseEvent } from './purchase-event.ts';

const event = purchaseEvent('5m');
const purchases = over(event);
const view = (features: Readonly<Record<string, Feature>>, change: Partial<FeatureView> = {}): FeatureView => ({
  ...defineFeatureView({ name: 'buying', entity: buyer, source: event, owner: 'shop', features }),
  ...change,
});
const where = { kind: ['a', 'b'], gift: true } as const;
const base = { spent: purchases.sum('price', { where, over: '1h' }), count: purchases.count({ over: '1d' }) };
const hash = viewHash(view(base));

test('another spelling of the same definition has the same hash', () => {
  const spellings: Readonly<Record<string, FeatureView>> = {
    'the same again': view({ ...base }),
    'another owner': view(base, { owner: 'someone' }),
    'features in another order': view({ count: base.count, spent: base.spent }),
    'a window in another unit': view({ ...base, spent: purchases.sum('price', { where, over: '60m' }) }),
    'conditions and values in another order': view({
      ...base,
      spent: purchases.sum('price', { where: { gift: [true], kind: ['b', 'a'] }, over: '1h' }),
    }),
    'a rule of the event that no value depends on': view(base, {
      source: { ...event, rules: { ...event.rules, maxBehind: '1d' } },
    }),
  };
  for (const [change, changed] of Object.entries(spellings)) assert.equal(viewHash(changed), hash, change);
});

test('a change of what is computed changes the hash and the online name', () => {
  const changes: Readonly<Record<string, FeatureView>> = {
    window: view({ ...base, spent: purchases.sum('price', { where, over: '2h' }) }),
    operation: view({ ...base, spent: purchases.mean('price', { where, over: '1h' }) }),
    field: view({ ...base, spent: purchases.sum('pieces', { where, over: '1h' }) }),
    condition: view({ ...base, spent: purchases.sum('price', { where: { kind: ['a', 'c'], gift: true }, over: '1h' }) }),
    fallback: view({ ...base, spent: purchases.sum('price', { where, over: '1h', fallback: 3 }) }),
    'name of a feature': view({ spend: base.spent, count: base.count }),
    'one feature less': view({ spent: base.spent }),
    'name of the view': view(base, { name: 'bought' }),
    'allowance ahead of the clock': view(base, { source: purchaseEvent('1s') }),
    'number of lastN': view({ ...base, count: purchases.lastN('kind', 2, { over: '1d' }) }),
  };
  const hashes = Object.entries(changes).map(([change, changed]) => {
    assert.notEqual(viewHash(changed), hash, change);
    assert.notEqual(onlineName(changed), onlineName(view(base)), change);
    return viewHash(changed);
  });
  assert.equal(new Set(hashes).size, hashes.length);
});

test("an embedding's hash changes with its dimensions, not with its owner", () => {
  const make = (dimensions: number, owner: string) =>
    defineEmbeddingView({
      ...{ name: 'taste', feature: 'taste', class: 'pii', minSupport: 3 },
      ...{ entity: defineEntity({ name: 'user', joinKey: 'user_id' }), dimensions, owner },
    } as const);
  assert.equal(viewHash(make(32, 'a')), viewHash(make(32, 'b')));
  assert.notEqual(viewHash(make(32, 'a')), viewHash(make(64, 'a')));
});
