import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../app/usecases/event.ts';
import { auditBatch } from '../../app/validation/batch.ts';
import { makeProfile } from '../../app/validation/reference-profile.ts';
import { clock, NOW, order } from './order-event.ts';

/** Sealed rows whose totals spread evenly from 40 to 60, a quarter of them paid. */
function rowsOf(count: number, change: (index: number) => Partial<Row> = () => ({})): readonly Row[] {
  return Array.from({ length: count }, (_, index) => ({
    order_id: `o-${index}`,
    buyer: `p_${index % 50}`,
    code: 'AB',
    state: index % 4 === 0 ? 'paid' : 'open',
    total: 40 + ((index * 7919) % 2000) / 100,
    count: 1,
    gift: null,
    phone: index % 3 === 0 ? null : 'enc:v1:c2VhbGVk',
    score: null,
    ordered_at: NOW - index * 1000,
    shipped_at: null,
    _partition: 0,
    _offset: index,
    _ingested_at: NOW,
    ...change(index),
  })) as readonly Row[];
}

const reference = makeProfile(order, rowsOf(1000));
const said = (rows: readonly Row[], options: Partial<Parameters<typeof auditBatch>[2]> = {}) =>
  auditBatch(order, rows, { clock, reference, ...options }).faults.map(({ field, reason }) => `${field}: ${reason}`);

test('a usual batch of sealed rows passes', () => {
  assert.deepEqual(auditBatch(order, rowsOf(1000), { clock, reference }), {
    passed: true,
    faults: [],
    warnings: [],
    rows: 1000,
    badRows: [],
  });
  assert.deepEqual(said([], {}), ['(batch): unusual volume']);
  assert.equal(auditBatch(order, [], { clock }).passed, true);
});

test('a wrong row is named by its index, and the batch does not pass', () => {
  const verdict = auditBatch(
    order,
    rowsOf(10, (index) => (index === 7 ? { state: 'lost', count: 0 } : {})),
    { clock },
  );
  assert.equal(verdict.passed, false);
  assert.deepEqual(verdict.badRows, [7]);
  assert.deepEqual(
    verdict.faults.map(({ field }) => field),
    ['state', 'count'],
  );
});

test('personal data in the clear is a fault of a sealed batch', () => {
  assert.deepEqual(said(rowsOf(600, (index) => (index === 3 ? { phone: '555 0100' } : {}))), [
    'phone: personal data in the clear',
  ]);
  assert.deepEqual(said(rowsOf(600, (index) => (index === 3 ? { phone: 'enc:v1:' } : {}))), [
    'phone: personal data in the clear',
  ]);
  assert.deepEqual(said(rowsOf(600, (index) => (index === 3 ? { buyer: 'ann@example.org' } : {}))), [
    'buyer: personal data in the clear',
  ]);
});

test('an id twice in the batch, or seen before, is a fault named once', () => {
  assert.deepEqual(said(rowsOf(600, (index) => (index < 3 ? { order_id: 'o-9' } : {}))), ['order_id: duplicate id']);
  const seenIds = new Set(['o-5']);
  const verdict = auditBatch(order, rowsOf(600), { clock, seenIds });
  assert.deepEqual(verdict.faults, [
    { field: 'order_id', value: 'o-5', expected: 'an id no other row has', reason: 'duplicate id' },
  ]);
});

test('nulls count against their limit once there is evidence', () => {
  const nulls = (share: number) => (index: number) => ({ total: index % 100 < share * 100 ? null : 50 + (index % 10) });
  assert.ok(said(rowsOf(1000, nulls(0.4))).includes('total: too many nulls'));
  assert.ok(!said(rowsOf(1000, nulls(0.2))).includes('total: too many nulls'));
  // Two of two are no evidence that more than a fifth is null.
  assert.deepEqual(
    auditBatch(
      order,
      rowsOf(2, () => ({ total: null })),
      { clock },
    ).faults,
    [],
  );
});

test('outliers are found beside the rows, and against the reference where all rows are wrong alike', () => {
  const wild = rowsOf(1000, (index) => (index % 10 === 0 ? { total: 900 } : {}));
  assert.deepEqual(
    said(wild, {
      reference: makeProfile(
        order,
        rowsOf(1000, (index) => (index % 10 === 0 ? { total: 61 } : {})),
      ),
    }),
    ['total: too many outliers'],
  );
  const cents = rowsOf(1000, (index) => ({ total: 800 + (index % 20) }));
  assert.deepEqual(auditBatch(order, cents, { clock }).faults, [], 'a batch alone cannot know that all of it is wrong');
  assert.deepEqual(said(cents), ['total: too many outliers', 'total: distribution moved']);
  // One wild row among a thousand is within the 2 % that the rule allows.
  assert.deepEqual(said(rowsOf(1000, (index) => (index === 5 ? { total: 1000 } : {}))), []);
});

test('volume is held against the reference batch', () => {
  assert.deepEqual(said(rowsOf(400)), ['(batch): unusual volume']);
  assert.deepEqual(said(rowsOf(2001)), ['(batch): unusual volume']);
  assert.deepEqual(said(rowsOf(500)), []);
  assert.deepEqual(said(rowsOf(2000)), []);
});

test('a moved distribution is a fault, of sets and of numbers', () => {
  assert.deepEqual(said(rowsOf(1000, (index) => ({ state: index % 4 === 0 ? 'open' : 'paid' }))), ['state: distribution moved']);
  assert.deepEqual(said(rowsOf(1000, (index) => ({ total: 52 + (index % 800) / 100 }))), ['total: distribution moved']);
});

test('a stale source is a warning: rows that come late are right', () => {
  const late = (age: number) =>
    auditBatch(
      order,
      rowsOf(600, (index) => ({ ordered_at: NOW - age - index })),
      { clock, reference },
    );
  assert.deepEqual(late(3_600_000_000 - 600).warnings, []);
  const verdict = late(3_600_000_001);
  assert.equal(verdict.passed, true);
  assert.deepEqual(verdict.warnings, [
    {
      field: 'ordered_at',
      value: '2026-03-01T10:59:59.999999Z',
      expected: 'newest event at most 1h before 2026-03-01T12:00:00Z',
      reason: 'stale',
    },
  ]);
});

test('ten thousand wrong rows make a short verdict that counts them all', () => {
  const verdict = auditBatch(
    order,
    rowsOf(10_000, () => ({ state: 'lost' })),
    { clock },
  );
  assert.equal(verdict.faults.length, 100);
  assert.equal(verdict.badRows.length, 10_000);
  assert.equal(verdict.passed, false);
});
