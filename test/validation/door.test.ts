import assert from 'node:assert/strict';
import { test } from 'node:test';
import { click } from '../../app/usecases/retail/events.ts';
import { admit } from '../../app/validation/door.ts';
import type { Fault } from '../../app/validation/fault.ts';
import { clock, goodOrder, NOW, order } from './order-event.ts';

function faultsOf(raw: unknown): readonly Fault[] {
  const admission = admit(order, raw, clock);
  return admission.ok ? [] : admission.faults;
}

const reasons = (raw: unknown) => faultsOf(raw).map(({ field, reason }) => `${field}: ${reason}`);

test('a right event becomes a row: times in microseconds, absent fields null, -0 zero', () => {
  const { gift: _, ...sent } = goodOrder;
  const admission = admit(order, { ...sent, score: -0 }, clock);
  assert.ok(admission.ok);
  assert.deepEqual(admission.row, {
    order_id: 'o-1',
    buyer: 'ann',
    code: 'AB',
    state: 'open',
    total: 12.5,
    count: 2,
    gift: null,
    phone: '555 0100',
    score: 0,
    ordered_at: NOW - 876_544,
    shipped_at: null,
  });
  assert.ok(Object.is(admission.row.score, 0));
});

test('each wrong value is refused with its reason', () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ order_id: undefined }, 'order_id: missing'],
    [{ order_id: null }, 'order_id: missing'],
    [{ order_id: '' }, 'order_id: empty'],
    [{ order_id: 'x'.repeat(13) }, 'order_id: too long'],
    [{ order_id: 7 }, 'order_id: wrong type'],
    [{ order_id: 'a\ud800' }, 'order_id: broken text'],
    [{ order_id: 'a\ufffd' }, 'order_id: broken text'],
    [{ order_id: 'a\0' }, 'order_id: broken text'],
    [{ code: 'ab' }, 'code: does not match the pattern'],
    [{ state: 'lost' }, 'state: not in the set'],
    [{ state: 1 }, 'state: wrong type'],
    [{ total: '12.5' }, 'total: wrong type'],
    [{ total: -0.01 }, 'total: out of range'],
    [{ total: 1000.01 }, 'total: out of range'],
    [{ total: { amount: 1 } }, 'total: wrong type'],
    [{ count: 1.5 }, 'count: wrong type'],
    [{ count: 0 }, 'count: out of range'],
    [{ count: true }, 'count: wrong type'],
    [{ gift: 'yes' }, 'gift: wrong type'],
    [{ gift: 1 }, 'gift: wrong type'],
    [{ score: Number.POSITIVE_INFINITY }, 'score: out of range'],
    [{ ordered_at: NOW }, 'ordered_at: wrong type'],
    [{ ordered_at: '2026-02-30T00:00:00Z' }, 'ordered_at: not a time'],
    [{ ordered_at: '2026-03-01T12:01:00.000001Z' }, 'ordered_at: too far in the future'],
    [{ ordered_at: '2026-01-30T11:59:59.999999Z' }, 'ordered_at: too far in the past'],
    [{ shipped_at: 'soon' }, 'shipped_at: not a time'],
    [{ extra: 1 }, 'extra: unknown field'],
  ];
  for (const [change, expected] of wrong) assert.deepEqual(reasons({ ...goodOrder, ...change }), [expected]);
});

test('the ends of ranges, lengths and times are right', () => {
  const right = [
    { total: 0 },
    { total: 1000 },
    { count: 1 },
    { count: 99 },
    { order_id: 'x'.repeat(12) },
    { order_id: '😀'.repeat(6) },
    { ordered_at: '2026-03-01T12:01:00Z' },
    { ordered_at: '2026-01-30T12:00:00Z' },
    // Only the event time is judged against the clock.
    { shipped_at: '2200-01-01T00:00:00Z' },
  ];
  for (const change of right) assert.deepEqual(reasons({ ...goodOrder, ...change }), []);
});

test('length counts UTF-16 units, so accents cannot smuggle a megabyte into one letter', () => {
  assert.deepEqual(reasons({ ...goodOrder, order_id: `e${'\u0301'.repeat(5000)}` }), ['order_id: too long']);
  assert.deepEqual(reasons({ ...goodOrder, order_id: '😀'.repeat(7) }), ['order_id: too long']);
});

test('all faults come at once, in the order of the fields, unknown ones last by name', () => {
  const raw = { ...goodOrder, zeta: 1, alpha: 2, total: -1, order_id: 5, ordered_at: 'x' };
  assert.deepEqual(
    faultsOf(raw).map(({ field }) => field),
    ['order_id', 'total', 'ordered_at', 'alpha', 'zeta'],
  );
});

test('a fault names field, value, expectation and reason', () => {
  assert.deepEqual(faultsOf({ ...goodOrder, total: -1 }), [
    { field: 'total', value: -1, expected: 'a number from 0 to 1000', reason: 'out of range' },
  ]);
  assert.deepEqual(faultsOf({ ...goodOrder, ordered_at: '2027-01-01T00:00:00Z' }), [
    {
      field: 'ordered_at',
      value: '2027-01-01T00:00:00Z',
      expected: 'at most 1m after 2026-03-01T12:00:00Z',
      reason: 'too far in the future',
    },
  ]);
});

test('no fault repeats personal data, not even in a field we do not know', () => {
  const raw = {
    ...goodOrder,
    buyer: 'ann@example.org is far too long',
    phone: 'call 555 0199 at night',
    email: 'ann@example.org',
  };
  const faults = faultsOf(raw);
  assert.deepEqual(
    faults.map(({ field, value }) => [field, value]),
    [
      ['buyer', '(pii)'],
      ['phone', '(pii)'],
      ['email', '(string)'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(faults), /ann|555/);
});

test('what is no object is refused as a whole', () => {
  for (const raw of [null, undefined, 7, 'text', [], [goodOrder], true])
    assert.deepEqual(reasons(raw), ['(event): not an object']);
});

test('__proto__ and constructor are unknown fields and change nothing', () => {
  const raw: unknown = JSON.parse(`{"__proto__": {"order_id": "o-9"}, "constructor": 1, ${JSON.stringify(goodOrder).slice(1)}`);
  assert.deepEqual(reasons(raw), ['__proto__: unknown field', 'constructor: unknown field']);
  const inherited: unknown = Object.create(goodOrder);
  assert.equal(reasons(inherited)[0], 'order_id: missing', 'what is inherited was not sent');
  assert.equal(Object.hasOwn(Object.prototype, 'order_id'), false);
});

test('ten thousand unknown fields make a short refusal', () => {
  const raw = { ...goodOrder, ...Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, index])) };
  const faults = faultsOf(raw);
  assert.equal(faults.length, 17);
  assert.equal(faults.at(-1)?.field, '(9984 more)');
  assert.equal(faultsOf({ ...goodOrder, ['y'.repeat(5000)]: 1 })[0]?.field.length, 65);
});

test('a long wrong value is cut in the fault, and stays well-formed', () => {
  const [fault] = faultsOf({ ...goodOrder, code: `${'a'.repeat(119)}😀${'b'.repeat(100)}` });
  assert.equal(String(fault?.value).length, 121);
  assert.ok(String(fault?.value).isWellFormed());
});

test('the retail click passes, and its rules hold', () => {
  const wire = {
    event_id: 'e1',
    user_id: 'u1',
    session_id: 's1',
    item_id: 'i1',
    kind: 'view',
    price: 19.99,
    address: '2001:db8::1',
    event_time: '2026-03-01T13:00:00+01:00',
  };
  assert.deepEqual(admit(click, wire, clock), { ok: true, row: { ...wire, event_time: NOW } });
  assert.equal(admit(click, { ...wire, price: 100_000.5 }, clock).ok, false);
});
