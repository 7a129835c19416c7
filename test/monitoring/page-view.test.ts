import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LAYERS } from '../../app/layers.ts';
import {
  brief,
  checkName,
  count,
  dayAndTime,
  decimal,
  duration,
  fit,
  idEnd,
  idStart,
  lift,
  metricName,
  milliseconds,
  percent,
  textWidth,
  timeOfDay,
} from '../../app/monitoring/page/client/format.ts';
import { type Live, NOTHING_YET, receive } from '../../app/monitoring/page/client/live.ts';
import { type Box, layoutLoop, WIDE_FROM } from '../../app/monitoring/page/client/loop-layout.ts';
import { rangeTop, rangeX, timeSplits } from '../../app/monitoring/page/client/scales.ts';
import { driftSeries, metricScale, trafficSeries } from '../../app/monitoring/page/client/series.ts';
import { samples } from '../../app/monitoring/page/samples.ts';
import { busyState } from './page-state.ts';

test('numbers and times are written as a person reads them', () => {
  assert.equal(count(1234567.4), '1,234,567');
  assert.deepEqual([0.034, 12.34, 182.4, Number.NaN].map(milliseconds), ['0.03 ms', '12.3 ms', '182 ms', '–']);
  assert.deepEqual([percent(0.1138), percent(null), percent(undefined), percent(1, 0)], ['11.4 %', '–', '–', '100 %']);
  assert.deepEqual([decimal(0.14229), decimal(Number.NaN), decimal(0.3, 2)], ['0.142', '–', '0.30']);
  assert.deepEqual([lift(0.12, 0.1), lift(0.08, 0.1), lift(0.62, 0.04), lift(0.1, 0)], ['+20.0 %', '−20.0 %', '× 15.5', '–']);
  const micros = Date.UTC(2026, 2, 14, 9, 3, 7) * 1000;
  assert.deepEqual([timeOfDay(micros), dayAndTime(micros)], ['09:03:07', '2026-03-14 09:03']);
  assert.deepEqual([59, 60, 61, 3660, 90_000].map(duration), ['59 s', '1 m', '1 m 1 s', '1 h 1 m', '1 d 1 h']);
  assert.deepEqual(['recallAt20', 'ndcgAt20', 'coverage'].map(metricName), ['recall@20', 'nDCG@20', 'coverage']);
  assert.deepEqual(['floor.recallAt20', 'notWorse', 'segment.light'].map(checkName), [
    'floor: recall@20',
    'not worse',
    'segment: light',
  ]);
  assert.deepEqual([brief('abcd', 3), brief('abc', 3)], ['abc…', 'abc']);
  assert.deepEqual([idStart('abcdef', 3), idEnd('abcdef', 3), idStart('ab', 3)], ['abc…', 'def', 'ab']);
});

test('a time that is none does not break the page', () => {
  assert.equal(typeof timeOfDay(Number.NaN), 'string');
  assert.equal(typeof dayAndTime(Number.POSITIVE_INFINITY), 'string');
});

test('a fitted text is never wider than its place, and is whole where it fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 0, max: 300 }), (text, width) => {
      const fitted = fit(text, width, 12);
      if (textWidth(text, 12) <= width) assert.equal(fitted, text);
      else assert.ok(textWidth(fitted, 12) <= width, `${fitted} is wider than ${width}`);
    }),
  );
});

const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('at any width the picture holds every layer, none over another, none outside', () => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 2600 }), (width) => {
      const { boxes, height, lines, wide } = layoutLoop(width);
      assert.equal(wide, width >= WIDE_FROM);
      for (const layer of LAYERS) if (layer !== 'governance') assert.ok(boxes[layer] !== undefined, layer);
      const all = Object.values(boxes);
      for (const box of all) {
        assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height);
        assert.ok(box.width >= 100, `${box.width} is too narrow to read`);
      }
      assert.ok(all.every((a, index) => all.slice(index + 1).every((b) => !overlap(a, b))));
      for (const { path } of lines) assert.doesNotMatch(path, /NaN|undefined/);
    }),
  );
});

test('the lines of the picture close: from each layer one comes back to it', () => {
  const next = Map.groupBy(
    layoutLoop(1200).lines.map(({ id }) => id.split('-')),
    ([from]) => from,
  );
  for (const start of Object.keys(layoutLoop(1200).boxes)) {
    const reached = new Set<string>();
    const walk = (name: string): void => {
      for (const [, to = ''] of next.get(name) ?? []) {
        if (reached.has(to)) continue;
        reached.add(to);
        walk(to);
      }
    };
    walk(start);
    assert.ok(reached.has(start), `${start} is not on a ring`);
  }
});

test('ticks are round, in range and not too many', () => {
  assert.deepEqual(timeSplits(0, 60, 4), [0, 15, 30, 45, 60]);
  assert.deepEqual(timeSplits(7, 67, 4, 67), [7, 22, 37, 52, 67]);
  const hour = 3600;
  assert.deepEqual(timeSplits(3.2 * hour, 9.4 * hour, 4), [4 * hour, 6 * hour, 8 * hour]);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 1, max: 1e7 }),
      fc.integer({ min: 1, max: 20 }),
      (low, span, most) => {
        const ticks = timeSplits(low, low + span, most);
        assert.ok(ticks.length <= most + 1);
        assert.ok(ticks.every((tick) => tick >= low && tick <= low + span));
      },
    ),
  );
});

test('scales hold what they are given and are never flat', () => {
  assert.deepEqual(rangeX(null, null), [0, 60]);
  assert.deepEqual(
    [rangeX(100, 110), rangeX(100, 400)],
    [
      [50, 110],
      [100, 400],
    ],
  );
  assert.deepEqual([rangeTop(null, 5), rangeTop(0, 5)], [5, 5]);
  assert.ok(rangeTop(100, 5) > 100);
  assert.equal(metricScale([]), 1);
  assert.ok(metricScale([{ high: 0.15, baseline: 0.2 }]) > 0.2);
});

test('traffic: a gap in time breaks the lines, and failures are counted a second', () => {
  const sample = (at: number, failed: number, p99Ms = 5) => ({ at, events: 10, answers: 2, p50Ms: 1, p99Ms, failed });
  const series = trafficSeries([sample(1, 0, 0), sample(2, 3), sample(30, 3)]);
  assert.deepEqual(series.at, [1, 2, 3, 30]);
  assert.deepEqual(series.events, [10, 10, null, 10]);
  assert.deepEqual(series.p99, [null, 5, null, 5]);
  assert.deepEqual(series.failures, [0, 3, null, 0]);
});

test('drift: one series a value, oldest first, with its limit at each reading', () => {
  const series = driftSeries([...busyState(0).drift].reverse());
  assert.equal(series.length, 4);
  for (const { data, newest, threshold } of series) {
    assert.deepEqual(
      data[0],
      [...data[0]].sort((a, b) => a - b),
    );
    assert.equal(data[0].at(-1), newest.at / 1e6);
    assert.ok(data[2].every((limit) => limit === threshold));
  }
});

test('samples: one a second, the last ten minutes', () => {
  const kept = samples();
  assert.ok(kept.take(busyState(0)) !== undefined);
  assert.equal(kept.take(busyState(0)), undefined);
  for (let second = 1; second < 700; second += 1) kept.take(busyState(second));
  assert.equal(kept.all().length, 600);
  assert.equal(kept.all().at(-1)?.at, busyState(699).uptimeSeconds);
});

test('the client puts changes into the state, and starts over when another process answers', () => {
  const of = (live: Live, event: string, value: unknown) => receive(live, event, JSON.stringify(value));
  const early = of(NOTHING_YET, 'change', { eventsPerSecond: 9 });
  assert.equal(early.state, undefined);
  let live = of(NOTHING_YET, 'state', busyState(0));
  live = of(live, 'fault', { message: 'away' });
  assert.equal(live.fault, 'away');
  live = of(live, 'change', { eventsPerSecond: 9, challenger: null });
  assert.deepEqual([live.state?.eventsPerSecond, live.state?.challenger, live.fault], [9, null, undefined]);
  assert.deepEqual(live.state?.champion, JSON.parse(JSON.stringify(busyState(0).champion)));
  live = of(of(live, 'sample', { at: 10 }), 'sample', { at: 11 });
  assert.equal(live.samples.length, 2);
  live = of(live, 'sample', { at: 2 });
  assert.deepEqual(live.samples, [{ at: 2 }]);
});
