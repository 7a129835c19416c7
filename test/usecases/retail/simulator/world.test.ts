import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DAY } from '../../../../app/clock/port.ts';
import { click, item } from '../../../../app/usecases/retail/events.ts';
import { LAPTOP_WORLD } from '../../../../app/usecases/retail/simulator/laptop.ts';
import type { Season, SimulatedClick } from '../../../../app/usecases/retail/simulator/session.ts';
import { simulate } from '../../../../app/usecases/retail/simulator/simulate.ts';
import { createWorld, type Item } from '../../../../app/usecases/retail/simulator/world.ts';
import { auditBatch } from '../../../../app/validation/batch.ts';
import { normalise } from '../../../../app/validation/door.ts';
import { countBins, psi, quantileEdges } from '../../../../app/validation/psi.ts';
import { makeProfile } from '../../../../app/validation/reference-profile.ts';

const START = Date.UTC(2026, 0, 1) * 1000;
const END = START + 30 * DAY;
const world = createWorld(LAPTOP_WORLD);
const itemOf = new Map<string, Item>(world.stock.map((each) => [each.id, each]));
type Timed = SimulatedClick & { readonly at: number };

function clicks(from: number, to: number, season: Season = 'usual'): readonly Timed[] {
  return Array.from(simulate(world, { from, to, season }), ({ at, wire }) => ({ ...(wire as SimulatedClick), at }));
}

const tally = (values: Iterable<string>): readonly number[] => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
};

let history: readonly Timed[] = [];
before(() => {
  history = clicks(START, END);
});

test('thirty days of the laptop world are about 150,000 events', () => {
  assert.ok(history.length > 130_000 && history.length < 170_000, `${history.length}`);
});

test('the catalogue meets the schema of its table', () => {
  const rows = world.catalogue();
  assert.equal(rows.length, 800);
  assert.equal(new Set(rows.map((row) => row.item_id)).size, 800);
  assert.equal(new Set(rows.map((row) => row.category)).size, 12);
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), Object.keys(item.fields));
    assert.ok(row.price > 0 && row.price < 1000 && row.title.length < 100, row.title);
  }
});

test('popularity falls with rank as Zipf has it', () => {
  const counts = tally(history.map((event) => event.item_id));
  // Least squares of log count on log rank, over the ranks that hold most of the mass.
  const points = counts.slice(4, 400).map((count, index) => [Math.log(index + 5), Math.log(count)] as const);
  const mean = (pick: 0 | 1) => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const slope = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  assert.ok(slope < -0.5 && slope > -1.3, `slope ${slope}`);
  const head = counts.slice(0, 80).reduce((sum, count) => sum + count, 0) / history.length;
  assert.ok(head > 0.3, `a tenth of the items draws ${head}`);
});

test('some visitors come a lot, many a little, and newcomers keep arriving', () => {
  const counts = tally(history.map((event) => event.user_id));
  const heavy = counts.slice(0, counts.length / 10).reduce((sum, count) => sum + count, 0) / history.length;
  assert.ok(heavy > 0.3, `the busiest tenth makes ${heavy}`);
  assert.ok(counts.filter((count) => count < 40).length > 500 && counts.filter((count) => count >= 40).length > 500);
  const known = new Set(history.filter((event) => event.at < END - 5 * DAY).map((event) => event.user_id));
  const late = new Set(history.filter((event) => event.at >= END - 5 * DAY).map((event) => event.user_id));
  const fresh = [...late].filter((user) => !known.has(user)).length;
  assert.ok(fresh > 20 && fresh < late.size / 3, `${fresh} of ${late.size}`);
});

test('the shop sleeps at night', () => {
  const inHour = (hour: number) => history.filter(({ at }) => Math.floor((at / 3.6e9) % 24) === hour).length;
  assert.ok(inHour(20) > 3 * inHour(8), `${inHour(20)} at 20:00, ${inHour(8)} at 8:00`);
});

test('what one visitor looks at shares category and style far above chance', () => {
  const groupOf = (id: string) => {
    const { category = -1, style = -1 } = itemOf.get(id) ?? {};
    return category * 10 + style;
  };
  const byUser = Map.groupBy(history, (event) => event.user_id);
  // Two views of one visitor in different visits, against two views of different visitors.
  let same = 0;
  let pairs = 0;
  let chance = 0;
  for (const events of byUser.values()) {
    const first = events[0];
    const last = events.at(-1);
    if (first === undefined || last === undefined || first.session_id === last.session_id) continue;
    const stranger = history[(pairs * 7919) % history.length];
    pairs += 1;
    if (groupOf(first.item_id) === groupOf(last.item_id)) same += 1;
    if (stranger !== undefined && groupOf(first.item_id) === groupOf(stranger.item_id)) chance += 1;
  }
  assert.ok(pairs > 1000);
  assert.ok(same > 3 * chance, `${same} pairs of one visitor agree, ${chance} of strangers, of ${pairs}`);
});

test('the audit takes both seasons: a shift is no fault of the data', () => {
  const clock = { now: () => END + 2 * DAY };
  const rows = (events: readonly Timed[]) =>
    events.map(({ at: _, ...wire }) => normalise(click, wire)).filter((row) => row !== undefined);
  const reference = makeProfile(click, rows(history));
  for (const season of ['usual', 'shifted'] as const) {
    const { faults } = auditBatch(click, rows(clicks(END, END + DAY, season)), { clock, reference, sealed: false });
    assert.deepEqual(faults, [], season);
  }
});

test('a shifted season moves prices and the number of views, a usual day does not', () => {
  const recent = features(history.filter(({ at }) => at > END - 7 * DAY));
  const usual = features(clicks(END, END + DAY));
  const shifted = features(clicks(END, END + DAY, 'shifted'));
  for (const name of ['meanPrice', 'views'] as const) {
    const edges = quantileEdges(recent[name], 10);
    const distance = (values: readonly number[]) => psi(countBins(edges, recent[name]), countBins(edges, values));
    assert.ok(distance(usual[name]) < 0.1, `${name} on a usual day: PSI ${distance(usual[name])}`);
    assert.ok(distance(shifted[name]) > 0.25, `${name} in a shifted season: PSI ${distance(shifted[name])}`);
  }
});

test('in a shifted season each item costs 1.8 times its catalogue price, within 5 %', () => {
  for (const [season, factor] of [
    ['usual', 1],
    ['shifted', 1.8],
  ] as const) {
    for (const { item_id, price } of clicks(END, END + DAY, season)) {
      const ratio = (price ?? Number.NaN) / ((itemOf.get(item_id)?.price ?? Number.NaN) * factor);
      // Half a cent of rounding weighs most on the cheapest.
      assert.ok(price === null || (ratio > 0.94 && ratio < 1.06), `${season} ${item_id}: ${ratio}`);
    }
  }
});

test('in a shifted season the least wanted category takes over', () => {
  const share = (events: readonly Timed[]) =>
    events.filter((event) => itemOf.get(event.item_id)?.category === world.seasonCategory).length / events.length;
  assert.ok(share(history) < 0.08, `${share(history)}`);
  assert.ok(share(clicks(END, END + DAY, 'shifted')) > 0.4);
});

test('a world of impossible sizes is refused by name', () => {
  assert.throws(() => createWorld({ ...LAPTOP_WORLD, items: 47 }), /world.items is 47; 12 categories need at least 48/);
  assert.throws(() => createWorld({ ...LAPTOP_WORLD, seed: 0.5 }), /world.seed is 0.5/);
  assert.throws(() => createWorld({ ...LAPTOP_WORLD, users: 0 }), /world.users is 0/);
  assert.throws(() => createWorld({ ...LAPTOP_WORLD, sessionsPerHour: 0 }), /world.sessionsPerHour is 0/);
});

/** The visitor's views so far in the visit, and mean price so far in the range, at each event. */
function features(events: readonly Timed[]): { readonly views: readonly number[]; readonly meanPrice: readonly number[] } {
  const views = new Map<string, number>();
  const prices = new Map<string, { sum: number; count: number }>();
  const result = { views: [] as number[], meanPrice: [] as number[] };
  for (const { session_id, kind, price } of events) {
    views.set(session_id, (views.get(session_id) ?? 0) + (kind === 'view' ? 1 : 0));
    const paid = prices.get(session_id) ?? { sum: 0, count: 0 };
    prices.set(session_id, { sum: paid.sum + (price ?? 0), count: paid.count + (price === null ? 0 : 1) });
    result.views.push(views.get(session_id) ?? 0);
    if (paid.count > 0) result.meanPrice.push(paid.sum / paid.count);
  }
  return result;
}
