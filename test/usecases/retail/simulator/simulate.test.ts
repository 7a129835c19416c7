import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '../../../../app/clock/port.ts';
import { click } from '../../../../app/usecases/retail/events.ts';
import { LAPTOP_WORLD } from '../../../../app/usecases/retail/simulator/laptop.ts';
import { BREAKAGES } from '../../../../app/usecases/retail/simulator/malformed.ts';
import { LONGEST_VISIT, type SimulatedClick } from '../../../../app/usecases/retail/simulator/session.ts';
import { type SimulateOptions, simulate } from '../../../../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../../../../app/usecases/retail/simulator/world.ts';
import { admit } from '../../../../app/validation/door.ts';

const START = Date.UTC(2026, 0, 5) * 1000;
const world = createWorld(LAPTOP_WORLD);
const eventsOf = (options: SimulateOptions, of = world) => [...simulate(of, options)];
const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

test('equal seeds make equal streams, another seed another one', () => {
  const range = { from: START, to: START + 6 * HOUR, malformedShare: 0.05 };
  assert.equal(digest(eventsOf(range)), digest(eventsOf(range, createWorld(LAPTOP_WORLD))));
  const other = eventsOf(range, createWorld({ ...LAPTOP_WORLD, seed: LAPTOP_WORLD.seed + 1 }));
  assert.notEqual(digest(eventsOf(range)), digest(other));
  const far = eventsOf(range, createWorld({ ...LAPTOP_WORLD, seed: LAPTOP_WORLD.seed + 2 ** 32 }));
  assert.notEqual(digest(eventsOf(range)), digest(far), 'all bits of the seed count');
});

test('the stream is the same on every machine', () => {
  const [first] = eventsOf({ from: START, to: START + DAY });
  assert.deepEqual(first, {
    at: 1_767_571_205_374_686,
    user: 'user-0169-456',
    wire: {
      event_id: 'sc28sl-1r53z-1-2',
      user_id: 'user-0169-456',
      session_id: 'sc28sl-1r53z-1',
      item_id: 'item-0524',
      kind: 'view',
      price: 23.18,
      address: '203.0.113.27',
      event_time: '2026-01-05T00:00:05.374686Z',
    },
  });
});

test('events come in time order, inside the range, each id once', () => {
  const events = eventsOf({ from: START, to: START + 3 * DAY });
  assert.ok(events.length > 10_000, `${events.length}`);
  for (const [index, { at }] of events.entries()) {
    assert.ok(at >= START && at < START + 3 * DAY);
    assert.ok(at >= (events[index - 1]?.at ?? START));
  }
  assert.equal(new Set(events.map(({ wire }) => (wire as SimulatedClick).event_id)).size, events.length);
});

test('a range cut anywhere is the same range', () => {
  const to = START + 8 * HOUR;
  for (const season of ['usual', 'shifted'] as const) {
    const whole = eventsOf({ from: START, to, season, malformedShare: 0.02 });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: START, max: to }), { maxLength: 4 }), (cuts) => {
        const edges = [START, ...cuts.sort((a, b) => a - b), to];
        const parts = edges
          .slice(1)
          .flatMap((end, index) => eventsOf({ from: edges[index] ?? START, to: end, season, malformedShare: 0.02 }));
        assert.equal(digest(parts), digest(whole));
      }),
      { numRuns: 8 },
    );
  }
});

test('a cut on the very moment of an event gives it to the later range alone', () => {
  const events = eventsOf({ from: START, to: START + HOUR });
  const at = events[Math.floor(events.length / 2)]?.at ?? START;
  const before = eventsOf({ from: START, to: at });
  const after = eventsOf({ from: at, to: START + HOUR });
  assert.equal(before.length + after.length, events.length);
  assert.equal(after[0]?.at, at);
});

test('no visit outlasts the bound that ranges look back by, in either season', () => {
  for (const season of ['usual', 'shifted'] as const) {
    const first = new Map<string, number>();
    let longest = 0;
    for (const { at, wire } of simulate(world, { from: START, to: START + 10 * DAY, season })) {
      const { session_id } = wire as SimulatedClick;
      if (!first.has(session_id)) first.set(session_id, at);
      longest = Math.max(longest, at - (first.get(session_id) ?? at));
    }
    assert.ok(longest > 20 * MINUTE && longest < LONGEST_VISIT, `${season}: ${longest / MINUTE} minutes`);
  }
});

test('views of a visit lie 20 to 110 seconds apart, baskets follow their view, purchases their basket', () => {
  const visits = Map.groupBy(eventsOf({ from: START, to: START + DAY }), ({ wire }) => (wire as SimulatedClick).session_id);
  let purchases = 0;
  for (const visit of visits.values()) {
    const seen = new Map<string, Set<string>>();
    // A visit that began before the range lacks its first events.
    const whole = visit.some(({ wire }) => (wire as SimulatedClick).event_id.endsWith('-0'));
    let viewedAt: number | undefined;
    for (const { at, wire } of visit) {
      const { kind, item_id, event_id } = wire as SimulatedClick;
      const done = seen.get(item_id) ?? new Set();
      seen.set(item_id, done.add(kind));
      if (whole) {
        if (kind === 'basket') assert.ok(done.has('view'), event_id);
        if (kind === 'purchase') assert.ok(done.has('basket'), event_id);
      }
      if (kind === 'purchase') purchases += 1;
      if (kind !== 'view') continue;
      const gap = (at - (viewedAt ?? at - 20e6)) / 1e6;
      assert.ok(gap >= 20 && gap <= 105, `${event_id}: ${gap} s`);
      viewedAt = at;
    }
  }
  assert.ok(purchases > 50);
});

test('the door admits every event, and refuses every broken one', () => {
  const to = START + 4 * DAY;
  const clock = { now: () => to };
  const share = 0.05;
  const events = eventsOf({ from: START, to, malformedShare: share });
  const plain = eventsOf({ from: START, to });
  assert.equal(events.length, plain.length);
  const reasons = new Set<string>();
  let refused = 0;
  for (const [index, event] of events.entries()) {
    const admission = admit(click, event.wire, clock);
    const broken = JSON.stringify(event.wire) !== JSON.stringify(plain[index]?.wire);
    assert.equal(admission.ok, !broken, JSON.stringify(event.wire));
    if (admission.ok) continue;
    refused += 1;
    for (const fault of admission.faults) reasons.add(`${fault.field}: ${fault.reason}`);
  }
  const error = 4 * Math.sqrt((share * (1 - share)) / events.length);
  assert.ok(Math.abs(refused / events.length - share) < error, `${refused} of ${events.length}`);
  assert.equal(reasons.size, Object.keys(BREAKAGES).length, [...reasons].join(', '));
});

test('a share of broken events that is none is refused', () => {
  assert.throws(
    () => eventsOf({ from: START, to: START + HOUR, malformedShare: 1.5 }),
    /malformedShare is 1.5; expected a number/,
  );
});

test('a busier world holds the same first visits, and memory only those under way', () => {
  const busy = createWorld({ ...LAPTOP_WORLD, sessionsPerHour: 280 });
  const ids = new Set(eventsOf({ from: START, to: START + 3 * HOUR }, busy).map(({ wire }) => (wire as SimulatedClick).event_id));
  const quiet = eventsOf({ from: START, to: START + 3 * HOUR });
  assert.ok(quiet.length > 100);
  const kept = quiet.filter(({ wire }) => ids.has((wire as SimulatedClick).event_id)).length;
  assert.ok(kept > 0.9 * quiet.length, `${kept} of ${quiet.length}`);
  // A century is asked for; only what is read is made.
  let read = 0;
  for (const _ of simulate(world, { from: START, to: START + 36_525 * DAY })) if (++read === 100) break;
  assert.equal(read, 100);
});
