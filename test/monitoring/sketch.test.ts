import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add, emptyLike, js, ks, makeReference, merge, psi, type Sketch, sizeOf } from '../../app/monitoring/sketch.ts';
import { seededRandom } from '../../app/training/random.ts';

const numeric = (edges: number[], counts: number[], nulls = 0): Sketch => ({ kind: 'numeric', edges, counts, nulls: [nulls] });
const sample = (random: () => number, size: number, shift = 0) =>
  Array.from({ length: size }, () => random() + random() + random() + random() + shift);
const fill = (reference: Sketch, values: readonly (number | null)[]) => {
  const sketch = emptyLike(reference);
  for (const value of values) add(sketch, value);
  return sketch;
};
const close = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`);

test('merging is associative and commutative, and equals one sketch over all values', () => {
  const values = fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 40 });
  fc.assert(
    fc.property(values, values, values, values, (reference, x, y, z) => {
      const base = makeReference(reference);
      const [a, b, c] = [fill(base, x), fill(base, y), fill(base, z)] as const;
      assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)));
      assert.deepEqual(merge(a, b), merge(b, a));
      assert.deepEqual(merge(merge(a, b), c), fill(base, [...x, ...y, ...z]));
    }),
    { numRuns: 60 },
  );
});

test('distances have the values of their formulas', () => {
  const [a, b] = [numeric([0], [60_000, 40_000]), numeric([0], [40_000, 60_000])];
  close(psi(a, b), 0.4 * Math.log(1.5), 1e-4);
  close(ks(a, b), 0.2, 1e-12);
  const divergence = 0.6 * Math.log2(0.6 / 0.5) + 0.4 * Math.log2(0.4 / 0.5);
  close(js(a, b), Math.sqrt(divergence), 1e-12);
  for (const distance of [psi, ks, js]) assert.equal(distance(a, a), 0);
  close(js(numeric([0], [5, 0]), numeric([0], [0, 9])), 1, 1e-12);
});

test('a share of nulls that grows is a shift', () => {
  const reference = numeric([1, 2], [100, 100, 100], 0);
  const holed = numeric([1, 2], [50, 50, 50], 150);
  assert.ok(psi(reference, holed) > 0.25);
  close(ks(reference, holed), 0.5, 1e-12);
});

test('windows of the reference’s own distribution rarely pass the usual thresholds; a shifted one always does', () => {
  const random = seededRandom(11);
  const reference = makeReference(sample(random, 4000));
  let alarms = 0;
  for (let window = 0; window < 400; window += 1) {
    const stable = fill(reference, sample(random, 400));
    if (psi(reference, stable) > 0.25 || ks(reference, stable) > 0.3 || js(reference, stable) > 0.2) alarms += 1;
  }
  assert.ok(alarms <= 4, `${alarms} of 400 stable windows raised an alarm`);
  const shifted = fill(reference, sample(random, 400, 0.6));
  assert.ok(psi(reference, shifted) > 0.25);
  assert.ok(ks(reference, shifted) > 0.3);
  assert.ok(js(reference, shifted) > 0.2);
});

test('memory is constant: deciles of numbers, 50 categories and the rest for texts', () => {
  const numbers = makeReference(Array.from({ length: 5000 }, (_, index) => index));
  assert.deepEqual(numbers.counts, new Array(10).fill(500));
  const few = makeReference(Array.from({ length: 200 }, (_, index) => index));
  assert.deepEqual(few.counts, new Array(10).fill(20));
  const texts = makeReference(Array.from({ length: 600 }, (_, index) => `item-${index % 60}`));
  assert.equal(texts.counts.length, 51);
  assert.equal(texts.counts.at(-1), 100);
});

test('few distinct numbers get a bin each, and a value outside the reference still counts', () => {
  const reference = makeReference([0, 0, 0, 0, 0, 0, 1, 1, 2, null]);
  assert.deepEqual(reference, { kind: 'numeric', edges: [0, 1], counts: [6, 2, 1], nulls: [1] });
  const sketch = fill(reference, [-5, 99, Number.NaN]);
  assert.deepEqual([sketch.counts, sketch.nulls], [[1, 0, 1], [1]]);
  assert.equal(sizeOf(sketch), 3);
});

test('lists stand for their first element, vectors and foreign kinds for null', () => {
  const reference = makeReference([['a', 'b'], ['a'], [], true, null]);
  assert.deepEqual(reference, { kind: 'categorical', categories: ['a', 'true'], counts: [2, 1, 0], nulls: [2] });
  const numbers = emptyLike(makeReference([1, 2]));
  add(numbers, 'text');
  add(numbers, new Float32Array([1]));
  assert.deepEqual(numbers.nulls, [2]);
});

test('sketches of different references are refused', () => {
  assert.throws(() => merge(makeReference([1, 2, 3]), makeReference([1, 9, 17])), /their bins differ/);
  assert.throws(() => psi(makeReference([1]), makeReference(['a'])), /their bins differ/);
});

test('a sketch survives JSON', () => {
  const reference = makeReference([3, 1, null, 2]);
  assert.deepEqual(JSON.parse(JSON.stringify(reference)), reference);
});
