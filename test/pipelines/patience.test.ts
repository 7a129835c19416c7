import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../pipelines/loop/patience.ts';

const open = new AbortController().signal;

/** How long it is waited for what never comes, milliseconds. */
async function waited(patience: Parameters<typeof within>[0]): Promise<number> {
  const started = performance.now();
  assert.equal(
    await within(
      patience,
      () => false,
      () => undefined,
      open,
    ),
    false,
  );
  return performance.now() - started;
}

test('time in which the watching is paused does not count, up to a bound on all of it', async () => {
  const [watched, all] = [300, 1_500];
  const until = performance.now() + 600;
  const took = await waited({ watched, all, paused: () => performance.now() < until });
  assert.ok(took >= 850, `gave up after ${took} ms, paused for 600 of them`);
  assert.ok((await waited({ watched, all, paused: () => true })) >= all);
});

test('what comes to hold while it is paused is seen', async () => {
  let looks = 0;
  const paused = { watched: 1, all: 60_000, paused: () => true };
  assert.equal(
    await within(
      paused,
      () => ++looks > 3,
      () => undefined,
      open,
    ),
    true,
  );
});

test('the wait ends with the loop', async () => {
  const closing = AbortSignal.timeout(50);
  const patience = { watched: 60_000, all: 60_000, paused: () => false };
  await assert.rejects(
    within(
      patience,
      () => false,
      () => undefined,
      closing,
    ),
    { name: 'AbortError' },
  );
});
