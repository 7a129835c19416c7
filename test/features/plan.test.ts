import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareCodePoints } from '../../app/features/code-points.ts';
import { sumDoubles, sumLongs } from '../../app/features/exact-sum.ts';
import { toNumber } from '../../app/features/model-input.ts';
import { planOf } from '../../app/features/plan.ts';
import { decodeVector, encodeVector } from '../../app/features/vector.ts';
import { defineEvent } from '../../app/usecases/event.ts';
import { defineEntity, defineFeatureView, type Feature, over } from '../../app/usecases/feature.ts';
import { nullable, subject, text, timestamp } from '../../app/usecases/field.ts';
import { buyer, purchaseEvent } from './purchase-event.ts';

const event = purchaseEvent('5m');
const purchases = over(event);
const view = (features: Readonly<Record<string, Feature>>) =>
  defineFeatureView({ name: 'buying', entity: buyer, source: event, owner: 'test', features });

test('equal aggregates share a slot, equal filters a bit', () => {
  const rate = (kind: string) => purchases.count({ where: { kind }, over: '1h' });
  const plan = planOf(
    view({ a: rate('a'), b: rate('b'), again: rate('a'), spent: purchases.sum('price', { where: { kind: 'a' }, over: '2h' }) }),
  );
  assert.deepEqual([plan.slots.length, plan.filters.length, plan.columns.length, plan.longest], [3, 2, 1, 7_200_000_000]);
  assert.equal(plan.ordered, false);
});

test('a view that cannot be computed is refused with the feature, what was found and what was expected', () => {
  const refused = (make: () => unknown, message: RegExp) => assert.throws(make, { code: 'MR_FEATURES_VIEW_INVALID', message });
  refused(
    () => planOf({ ...view({}), entity: defineEntity({ name: 'shop', joinKey: 'kind' }) }),
    /entity: found "kind", expected 'who', the key/,
  );
  refused(() => planOf(view({ few: purchases.lastN('kind', 0, { over: '1h' }) })), /buying\.few: found 0, expected 1 to 1000/);
  const many = Array.from(
    { length: 32 },
    (_, i) => [`f${i}`, purchases.count({ where: { kind: `k${i}` }, over: '1h' })] as const,
  );
  refused(() => planOf(view(Object.fromEntries(many))), /found 32, expected at most 31/);
  const sealed = defineEvent({
    ...{ name: 'visit', id: 'id', time: 'at', key: 'who' },
    fields: { id: text(), who: subject(), at: timestamp(), address: nullable(text({ class: 'pii' })) },
  } as const);
  const places = over(sealed).distinct('address', { over: '1h' });
  refused(
    () => planOf({ ...view({ places }), source: sealed }),
    /places: found "address", expected a field that is not encrypted/,
  );
});

test('texts are ordered by code point, as their UTF-8 bytes are', () => {
  const words = ['', 'a', 'aa', 'Z', 'é', '\ud7ff', '\ue000', 'ﬀ', '\uffff', '😀', '😀a', '\u{10ffff}'];
  const sorted = words.toSorted(compareCodePoints);
  assert.deepEqual(
    sorted,
    words.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  assert.notDeepEqual(sorted, words.toSorted());
});

test('sums of whole numbers are exact though partial sums leave 2^53', () => {
  const big = Number.MAX_SAFE_INTEGER;
  assert.equal(sumLongs([big, big, 1, -big, -big]), 1);
  assert.equal(sumLongs([big, 2]), 2 ** 53 + 2 - 1 + 0);
  assert.equal(sumLongs([]), 0);
  assert.equal(sumDoubles([0.1, 1e15, -1e15]), 0.1);
  assert.ok(Object.is(sumDoubles([-0]), 0));
});

test('a model reads flags as 0 and 1, no value as the fallback, and refuses text', () => {
  const fallback = purchases.mean('price', { over: '1h', fallback: -1 });
  assert.deepEqual(
    [null, undefined, 2.5, true, false].map((value) => toNumber(fallback, value)),
    [-1, -1, 2.5, 1, 0],
  );
  assert.throws(() => toNumber(purchases.last('kind', { over: '1h' }), 'view'), { code: 'MR_FEATURES_NOT_A_NUMBER' });
});

test('a vector comes back from its bytes', () => {
  const vector = new Float32Array([0, -1.5, 3e38, Number.MIN_VALUE]);
  assert.deepEqual(decodeVector(encodeVector(vector.subarray(1))), vector.subarray(1));
  assert.throws(() => decodeVector(Buffer.alloc(5)), RangeError);
});
