import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTimestamp } from '../../app/clock/timestamp.ts';
import { auditBatch } from '../../app/validation/batch.ts';
import { admit, normalise } from '../../app/validation/door.ts';
import { clock, goodOrder, NOW, order } from './order-event.ts';

/** Values right for one field or another, and wrong for all others: near every edge of every rule. */
const value = fc.oneof(
  fc.constantFrom(
    null,
    '',
    'ann',
    'AB',
    'open',
    'paid',
    'lost',
    'x'.repeat(11),
    'x'.repeat(13),
    '\ud800',
    'a\ufffd',
    'é'.repeat(10),
  ),
  fc.constantFrom(true, false, 0, -0, 1, 99, 100, 1000, 1000.0001, -1, 2.5, Number.MAX_SAFE_INTEGER, 1e300, Number.NaN),
  fc.string({ unit: 'binary', maxLength: 14 }),
  fc.double(),
  fc
    .constantFrom(0, 1, -1)
    .chain((step) => fc.constantFrom(NOW + 60_000_000 + step, NOW - 30 * 86_400_000_000 + step, NOW + step).map(formatTimestamp)),
);

/** A right order with some fields replaced, left out or added. */
const wireEvent = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...Object.keys(goodOrder)), value, { maxKeys: 4 }),
    fc.subarray(Object.keys(goodOrder), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('extra', 'Order_id', 'constructor', '__proto__', 'naïve'), value, { maxKeys: 2 }),
  )
  .map(([replaced, left, added]) => {
    const wire = new Map<string, unknown>(Object.entries({ ...goodOrder, ...replaced, ...added }));
    for (const name of left) wire.delete(name);
    return Object.fromEntries(wire);
  });

test('the batch says of a row what the door says of its event, fault by fault', () => {
  const seen = { admitted: 0, refused: 0, unheld: 0 };
  fc.assert(
    fc.property(wireEvent, (wire) => {
      const admission = admit(order, wire, clock);
      const row = normalise(order, wire);
      if (row === undefined) {
        seen.unheld += 1;
        assert.equal(admission.ok, false, 'what no row can hold is refused');
        return;
      }
      const verdict = auditBatch(order, [row], { clock, sealed: false });
      assert.deepEqual(verdict.faults, admission.ok ? [] : admission.faults);
      assert.equal(verdict.passed, admission.ok);
      if (admission.ok) {
        seen.admitted += 1;
        assert.deepEqual(auditBatch(order, [admission.row], { clock, sealed: false }).faults, []);
      } else seen.refused += 1;
    }),
    { numRuns: 2000 },
  );
  for (const [kind, count] of Object.entries(seen))
    assert.ok(count > 50, `${kind}: ${count} of 2000 is too few to mean anything`);
});

test('the batch lets no sealed row through that the door would not have, save by what is sealed', () => {
  fc.assert(
    fc.property(wireEvent, (wire) => {
      const row = normalise(order, wire);
      if (row === undefined) return;
      const sealed = { ...row, buyer: 'p_8Zx', phone: 'enc:v1:AAEC-_8' };
      const open = { ...row, buyer: 'ann', phone: null };
      const faults = (rows: readonly (typeof sealed)[] | readonly (typeof open)[], isSealed: boolean) =>
        auditBatch(order, rows, { clock, sealed: isSealed }).faults;
      assert.deepEqual(faults([sealed], true), faults([open], false));
    }),
    { numRuns: 500 },
  );
});
