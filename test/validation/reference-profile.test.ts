import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Row } from '../../app/usecases/event.ts';
import { profileText } from '../../app/validation/profile-text.ts';
import { countBins, psi, quantileEdges } from '../../app/validation/psi.ts';
import { distanceFrom, makeProfile } from '../../app/validation/reference-profile.ts';
import { order } from './order-event.ts';

const rows = Array.from(
  { length: 1000 },
  (_, index): Row => ({
    order_id: `o-${index}`,
    buyer: `p_${index}`,
    code: `C${index % 90}`,
    state: index % 5 === 0 ? 'paid' : 'open',
    total: index % 10 === 0 ? null : index,
    phone: 'enc:v1:AAAA',
    ordered_at: index,
  }),
);

test('a profile holds null rates, quantile bins of numbers and counts of categories, and no personal value', () => {
  const profile = makeProfile(order, rows);
  assert.equal(profile.rows, 1000);
  assert.ok(Math.abs((profile.fields.total?.nullRate ?? 0) - 0.1) < 1e-12);
  assert.equal(profile.fields.total?.numeric?.edges.length, 9);
  assert.deepEqual(
    profile.fields.total?.numeric?.counts.map((count) => Math.abs(count - 90) <= 1),
    Array(10).fill(true),
  );
  assert.deepEqual(profile.fields.state?.categories, { counts: { open: 800, paid: 200 }, rest: 0 });
  assert.equal(Object.keys(profile.fields.code?.categories?.counts ?? {}).length, 50);
  assert.equal(profile.fields.score?.nullRate, 1);
  for (const name of ['buyer', 'phone', 'order_id', 'ordered_at']) assert.deepEqual(profile.fields[name], { nullRate: 0 });
  assert.deepEqual(JSON.parse(JSON.stringify(profile)), profile);
});

test('a profile is at no distance from its own rows, and far from others', () => {
  const { fields } = makeProfile(order, rows);
  const at = (name: string, values: readonly (string | number)[]) => distanceFrom(fields[name] ?? { nullRate: 0 }, values);
  const totals = rows.map((row) => row.total).filter((value) => typeof value === 'number');
  assert.ok((at('total', totals) ?? 1) < 1e-9);
  assert.ok(
    (at(
      'total',
      totals.map((value) => value + 400),
    ) ?? 0) > 0.25,
  );
  assert.ok((at('state', Array(500).fill('open')) ?? 0) > 0.2);
  assert.ok((at('code', Array(500).fill('never seen')) ?? 0) > 1);
  assert.equal(at('total', []), undefined);
  assert.equal(at('buyer', ['p_1']), undefined);
});

test('PSI is never negative, and zero between equal shares', () => {
  const counts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const other = a.map((_, bin) => b[bin] ?? 0);
      assert.ok(psi(a, other) >= 0);
      assert.ok(Math.abs(psi(a, a)) < 1e-12);
    }),
  );
  // (0.6 - 0.4)·ln(0.6/0.4) twice over, for shares of many rows.
  assert.ok(Math.abs(psi([4e6, 6e6], [6e6, 4e6]) - 2 * 0.2 * Math.log(1.5)) < 1e-5);
});

test('every value falls in one bin, and a value on an edge in the one below', () => {
  assert.deepEqual(countBins([1, 2], [0, 1, 1.5, 2, 2.5]), [2, 2, 1]);
  assert.deepEqual(quantileEdges([5, 5, 5, 5], 10), [], 'a constant needs no edge');
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
      const counts = countBins(quantileEdges(values, 10), values);
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        values.length,
      );
    }),
  );
});

test('a person can read a profile', () => {
  const text = profileText(makeProfile(order, rows));
  assert.match(text, /^order, from 1000 rows\n/);
  assert.match(text, /total +10\.0 % null, median 50\d/);
  assert.match(text, /state +0\.0 % null, open 80\.0 %, paid 20\.0 %$/m);
});
