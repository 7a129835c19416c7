import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../pipelines/loop/patience.ts';

const open = new AbortController().signal;

/** How long it is waited for what never comes, milliseconds of a time that goes by the pauses alone. */
async function waited(patience: (now: () => number) => Parameters<typeof within>[0]): Promise<number> {
  let passed = 0;
  const now = () => passed;
  const pause = async (ms: number) => {
    passed += ms;
  };
  const never = () => false;
  assert.equal(await within(patience(now), never, () => undefined, open, { now, pause }), false);
  return passed;
}

test('time in which the watching is paused does not count, up to a bound on all of it', async () => {
  const [watched, all] = [300, 1_500];
  const alone = await waited(() => ({ watched, all, paused: () => false }));
  const took = await waited((now) => ({ watched, all, paused: () => now() <= 600 }));
  assert.equal(took, alone + 600);
  assert.equal(await waited(() => ({ watched, all, paused: () => true })), all + 100);
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
