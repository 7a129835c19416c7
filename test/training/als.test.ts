import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factorise } from '../../app/training/als.ts';
import { dot } from '../../app/training/cholesky.ts';
import { interactions, matrixBefore } from '../../app/training/interactions.ts';
import { planted } from './planted.ts';

const PARAMETERS = { factors: 8, regularization: 0.05, alpha: 10, iterations: 6 };
const matrix = matrixBefore(interactions(planted({ seed: 1 })), Number.MAX_SAFE_INTEGER);

test('every iteration lowers the objective', () => {
  const { objective } = factorise(matrix, PARAMETERS, 7);
  assert.equal(objective.length, 6);
  objective.forEach((value, index) => {
    if (index > 0) assert.ok(value <= (objective[index - 1] as number) * (1 + 1e-6), `${objective}`);
  });
  assert.ok((objective.at(-1) as number) < 0.9 * (objective[0] as number));
});

test('planted groups are recovered: a user prefers the own group’s items to others', () => {
  const { users, items, dimensions: d } = factorise(matrix, PARAMETERS, 7);
  let right = 0;
  matrix.userIds.forEach((user, row) => {
    const group = Number(user.slice(1)) % 4;
    const mean = [0, 1, 2, 3].map((other) => {
      const members = matrix.itemIds.flatMap((id, index) => (Number(id.slice(1)) % 4 === other ? [index] : []));
      return members.reduce((sum, item) => sum + dot(users, row * d, items, item * d, d), 0) / members.length;
    });
    if (mean[group] === Math.max(...mean)) right += 1;
  });
  assert.ok(right >= 0.98 * matrix.userIds.length, `${right} of ${matrix.userIds.length} users`);
});

test('one seed gives the same bits, another seed gives others', () => {
  const first = factorise(matrix, PARAMETERS, 7);
  assert.deepEqual(factorise(matrix, PARAMETERS, 7), first);
  assert.notDeepEqual(factorise(matrix, PARAMETERS, 8).items, first.items);
});

test('the order of the rows does not matter', () => {
  const reversed = matrixBefore(interactions(planted({ seed: 1 }).reverse()), Number.MAX_SAFE_INTEGER);
  assert.deepEqual(reversed, matrix);
});

test('a user row is the minimiser of the objective: moving it any way raises the user’s part', () => {
  const { users, items, dimensions: d } = factorise(matrix, PARAMETERS, 7);
  const unobserved = 1 / PARAMETERS.alpha;
  const part = (row: number, vector: Float32Array) => {
    let sum = 0;
    for (let item = 0; item < matrix.itemIds.length; item += 1) sum += unobserved * dot(vector, 0, items, item * d, d) ** 2;
    const [from, to] = [matrix.byUser.start[row] as number, matrix.byUser.start[row + 1] as number];
    for (let entry = from; entry < to; entry += 1) {
      const confidence = Math.log2(1 + (matrix.byUser.weight[entry] as number));
      sum += confidence * (1 - dot(vector, 0, items, (matrix.byUser.column[entry] as number) * d, d)) ** 2;
    }
    const ridge = PARAMETERS.regularization * (to - from + unobserved * matrix.itemIds.length);
    return sum + ridge * dot(vector, 0, vector, 0, d);
  };
  for (const row of [0, 17, 63]) {
    const vector = users.slice(row * d, (row + 1) * d);
    for (let k = 0; k < d; k += 1) {
      for (const step of [0.05, -0.05]) {
        const moved = vector.slice();
        moved[k] = (moved[k] as number) + step;
        assert.ok(part(row, moved) > part(row, vector));
      }
    }
  }
});

test('a parameter out of range is refused by name, value and expectation', () => {
  assert.throws(() => factorise(matrix, { ...PARAMETERS, alpha: 0 }, 1), {
    code: 'MR_TRAINING_PARAMETER',
    field: 'alpha',
    value: 0,
  });
  assert.throws(() => factorise(matrix, { ...PARAMETERS, factors: 2.5 }, 1), /factors is 2\.5; expected a whole number/);
});
