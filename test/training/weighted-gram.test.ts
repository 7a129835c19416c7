import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addOuter, gram, solveInPlace } from '../../app/training/cholesky.ts';
import { addWeightedGram } from '../../app/training/weighted-gram.ts';

const whole = fc.integer({ min: -4, max: 4 });

test('the blocked sum equals one vector after the other, for even and odd sizes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(7), fc.infiniteStream(whole), (d, count, numbers) => {
      const vectors = Float32Array.from({ length: count * d }, () => numbers.next().value ?? 0);
      const expected = new Float64Array(d * d).fill(2);
      for (let e = 0; e < count; e += 1) addOuter(expected, vectors, e * d, d, 1);
      const columns = Float64Array.from(
        { length: count * d },
        (_, at) => vectors[(at % count) * d + Math.floor(at / count)] as number,
      );
      const actual = new Float64Array(d * d).fill(2);
      addWeightedGram(actual, columns, count, d);
      assert.deepEqual(actual, expected);
    }),
  );
});

test('the solution of a system satisfies it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.infiniteStream(whole), (d, numbers) => {
      const a = gram(
        Float32Array.from({ length: d * d }, () => numbers.next().value ?? 0),
        d,
      );
      for (let k = 0; k < d; k += 1) a[k * d + k] = (a[k * d + k] as number) + 1;
      const b = Float64Array.from({ length: d }, () => numbers.next().value ?? 0);
      const x = b.slice();
      solveInPlace(a.slice(), x, d);
      for (let i = 0; i < d; i += 1) {
        const sum = x.reduce((total, value, j) => total + value * (a[i * d + j] as number), 0);
        assert.ok(Math.abs(sum - (b[i] as number)) < 1e-9);
      }
    }),
  );
});

test('a matrix that is not positive definite is refused', () => {
  assert.throws(() => solveInPlace(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1), 2), {
    code: 'MR_TRAINING_NOT_POSITIVE_DEFINITE',
  });
});
