import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DriftReading, driftReason, driftState, driftWindows } from '../../app/monitoring/drift.ts';
import { makeReference } from '../../app/monitoring/sketch.ts';

const reading = (exceeded: boolean, version = 1, feature = 'view.price'): DriftReading => ({
  feature,
  test: 'psi',
  value: exceeded ? 0.5 : 0.1,
  threshold: 0.25,
  exceeded,
  since: 0,
  at: 1,
  version,
});

/** What a state says to windows one after the other: `+` over the threshold, `-` below. */
function said(windows: string, consecutive = 2): readonly string[] {
  const drifts = driftState(consecutive);
  return [...windows].map((window) => drifts.read([reading(window === '+')])[0]?.kind ?? '');
}

test('an open drift asks with each window over the threshold, until as many below in a row close it', () => {
  assert.deepEqual(said('+-++++-+--+'), ['', '', '', 'detected', 'open', 'open', '', 'open', '', 'healed', '']);
});

test('between detection and healing every window over the threshold asks, and none outside', () => {
  const windows = fc.array(fc.constantFrom('+', '-'), { maxLength: 40 });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 3 }), (sequence, consecutive) => {
      let open = false;
      for (const [index, kind] of said(sequence.join(''), consecutive).entries()) {
        const over = sequence[index] === '+';
        if (open) assert.equal(kind === 'open', over);
        else assert.ok(kind === '' || kind === 'detected');
        if (kind === 'detected' || kind === 'healed') open = kind === 'detected';
      }
    }),
  );
});

test('a drift left open by an earlier process asks again', () => {
  const drifts = driftState(2);
  drifts.restore([{ feature: 'view.price', reading: reading(true), detectedAt: 1 }]);
  assert.deepEqual(
    drifts.read([reading(true, 2)]).map(({ kind }) => kind),
    ['open'],
  );
});

test('the reason names the value, and the version that did not heal it', () => {
  const drift = { feature: 'view.price', reading: reading(true), detectedAt: 1 };
  assert.equal(driftReason({ kind: 'detected', drift, reading: reading(true) }), 'drift of view.price: psi 0.500 over 0.25');
  const open = driftReason({ kind: 'open', drift, reading: reading(true, 7) });
  assert.equal(open, 'drift of view.price still open after version 7: psi 0.500 over 0.25');
});

test('a reading says when its window began: with its own first answer, not with the window before', () => {
  const monitors = [{ feature: 'view.price', test: 'psi', threshold: 0.25 }] as const;
  const profile = { 'view.price': makeReference([1, 2, 3]) };
  const windows = driftWindows({ monitors, size: 2, profile, version: 1 });
  const readings = [10, 20, 30, 40].flatMap((at) => windows.observe(`user-${at}`, at, () => 1) ?? []);
  assert.deepEqual(
    readings.map(({ since, at }) => [since, at]),
    [
      [10, 20],
      [30, 40],
    ],
  );
});
