import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../../app/clock/port.ts';
import { order, outcome } from '../../../app/usecases/fraud/events.ts';
import { orderSimulation } from '../../../app/usecases/fraud/simulation.ts';
import { admit } from '../../../app/validation/door.ts';

const to = 20_000 * DAY;
const from = to - DAY;
const all = [...orderSimulation.events({ from, to, changes: [] })];
type Wire = Readonly<Record<string, unknown>>;
const wires = (name: string, events = all) => events.filter(({ event }) => event === name).map(({ wire }) => wire as Wire);

test('adjacent ranges join without a gap or a double, in the order of time', () => {
  const parts = [];
  for (let start = from; start < to; start += 97 * MINUTE)
    parts.push(...orderSimulation.events({ from: start, to: Math.min(to, start + 97 * MINUTE), changes: [] }));
  assert.deepEqual(parts, all);
  assert.ok(all.every(({ at }, index) => index === 0 || at >= (all[index - 1]?.at ?? 0)));
});

test('the door admits all but the few broken orders, and each id comes once', () => {
  const ids = new Set<string>();
  let refused = 0;
  for (const { event, wire } of all) {
    const type = event === 'order' ? order : outcome;
    const admitted = admit(type, wire, { now: () => to });
    if (!admitted.ok) refused += 1;
    else ids.add(`${event} ${admitted.row[type.id]}`);
  }
  assert.ok(refused > 0 && refused < all.length * 0.01, `${refused} refused`);
  assert.equal(ids.size + refused, all.length);
});

test('a few orders in a hundred are charged back, each within the hour', () => {
  const ordered = new Map(wires('order').map((wire) => [wire.order_id, wire]));
  const charged = wires('outcome').filter(({ kind }) => kind === 'chargeback');
  const share = charged.length / ordered.size;
  assert.ok(share > 0.02 && share < 0.08, `share ${share}`);
  for (const { order_id, event_time } of charged) {
    const placed = ordered.get(order_id);
    if (placed === undefined) continue;
    const delay = Date.parse(String(event_time)) - Date.parse(String(placed.event_time));
    assert.ok(delay > 0 && delay < 3_600_000);
  }
});

test('a change makes orders dearer from its moment on, and leaves what came before as it was', () => {
  const at = to - 12 * HOUR;
  const changed = [...orderSimulation.events({ from, to, changes: [at] })];
  const before = (events: typeof all) => events.filter((event) => event.at < at);
  assert.deepEqual(before(changed), before(all));
  const meanAfter = (events: typeof all) => {
    const amounts = wires(
      'order',
      events.filter((event) => event.at >= at),
    ).map(({ amount }) => Number(amount));
    const known = amounts.filter((amount) => Number.isFinite(amount) && amount > 0);
    return known.reduce((sum, amount) => sum + amount, 0) / known.length;
  };
  assert.ok(meanAfter(changed) > 1.4 * meanAfter(all));
});
