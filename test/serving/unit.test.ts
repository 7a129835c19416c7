import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReleaseManifest } from '../../app/registry/release.ts';
import { type ServingUnit, unitSlot } from '../../app/serving/unit.ts';
import type { Recommender } from '../../app/training/recommender.ts';

/** A unit that only tells when it was closed. */
function unit(unitId: string, version: number, closed: string[]): ServingUnit {
  const recommender = { close: async () => void closed.push(unitId) } as unknown as Recommender;
  return { kind: 'recommender', unitId, version, manifest: {} as ReleaseManifest, recommender, windowed: [], embeddings: [] };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a unit lives as long as a request holds it, and the former one is kept warm', async () => {
  const closed: string[] = [];
  const slot = unitSlot();
  const [a, b, c] = [unit('a', 1, closed), unit('b', 2, closed), unit('c', 3, closed)];
  slot.swap(a);
  const held = slot.hold();
  slot.swap(b);
  slot.swap(c);
  await turn();
  assert.equal(held?.unit.unitId, 'a');
  assert.deepEqual(closed, [], 'a is still held, b is the former one');
  held?.release();
  held?.release();
  await turn();
  assert.deepEqual(closed, ['a']);
  assert.equal(slot.holdVersion(2)?.unit.unitId, 'b');
  assert.equal(slot.holdVersion(1), undefined);
});

test('going back to the former unit closes nothing', async () => {
  const closed: string[] = [];
  const slot = unitSlot();
  const [a, b] = [unit('a', 1, closed), unit('b', 2, closed)];
  slot.swap(a);
  slot.swap(b);
  slot.swap(a);
  await turn();
  assert.deepEqual([slot.current()?.unitId, slot.former()?.unitId, closed], ['a', 'b', []]);
});

test('close waits for the last request', async () => {
  const closed: string[] = [];
  const slot = unitSlot();
  slot.swap(unit('a', 1, closed));
  const held = slot.hold();
  let done = false;
  const closing = slot.close().then(() => {
    done = true;
  });
  await turn();
  assert.equal(done, false);
  held?.release();
  await closing;
  assert.deepEqual(closed, ['a']);
});
