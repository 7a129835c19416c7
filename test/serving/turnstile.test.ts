import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnstile } from '../../app/serving/turnstile.ts';

test('never more than the width at once, in order, and a failure gives its place on', async () => {
  const enter = turnstile(3);
  let inside = 0;
  let most = 0;
  const started: number[] = [];
  const task = (n: number) => async () => {
    started.push(n);
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (n % 4 === 0) throw new Error(`task ${n}`);
    return n;
  };
  const results = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => enter(task(n))));
  assert.equal(most, 3);
  assert.deepEqual(
    started,
    Array.from({ length: 40 }, (_, n) => n),
  );
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 10);
});
