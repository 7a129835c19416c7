import type { DriftReading } from '../../drift.ts';
import type { PageSample } from '../samples.ts';

/** Columns that charts draw, out of samples and readings. Pure. */

export interface TrafficSeries {
  /** Seconds since the loop started. */
  readonly at: readonly number[];
  readonly events: readonly (number | null)[];
  readonly answers: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Failed requests of each second. */
  readonly failures: readonly (number | null)[];
}

/** Seconds without a sample from which on a line is broken rather than drawn across. */
const GAP_SECONDS = 5;

/** One column a line; a gap in time is a row of nulls, and latency of seconds without answers is none. */
export function trafficSeries(samples: readonly PageSample[]): TrafficSeries {
  const at: number[] = [];
  const columns = { events: [], answers: [], p50: [], p99: [], failures: [] } as Record<
    'events' | 'answers' | 'p50' | 'p99' | 'failures',
    (number | null)[]
  >;
  samples.forEach((sample, index) => {
    const before = samples[index - 1];
    if (before !== undefined && sample.at - before.at > GAP_SECONDS) {
      at.push(before.at + 1);
      for (const column of Object.values(columns)) column.push(null);
    }
    at.push(sample.at);
    columns.events.push(sample.events);
    columns.answers.push(sample.answers);
    columns.p50.push(sample.p99Ms > 0 ? sample.p50Ms : null);
    columns.p99.push(sample.p99Ms > 0 ? sample.p99Ms : null);
    columns.failures.push(before === undefined ? 0 : Math.max(0, sample.failed - before.failed));
  });
  return { at, ...columns };
}

export interface DriftSeries {
  readonly feature: string;
  readonly test: DriftReading['test'];
  readonly threshold: number;
  readonly newest: DriftReading;
  /** Seconds of platform time, values, and the threshold at each of them. */
  readonly data: readonly [readonly number[], readonly number[], readonly number[]];
}

/** Readings by feature, oldest first, features in the order they first come. */
export function driftSeries(readings: readonly DriftReading[]): readonly DriftSeries[] {
  const byFeature = Map.groupBy(readings, ({ feature }) => feature);
  return [...byFeature.entries()].flatMap(([feature, unsorted]) => {
    const sorted = [...unsorted].sort((a, b) => a.at - b.at);
    const newest = sorted.at(-1);
    if (newest === undefined) return [];
    const data = [
      sorted.map(({ at }) => at / 1e6),
      sorted.map(({ value }) => value),
      sorted.map(({ threshold }) => threshold),
    ] as const;
    return [{ feature, test: newest.test, threshold: newest.threshold, newest, data }];
  });
}

/** What all intervals and baselines of some metrics share: 0 to a bit above the highest. */
export function metricScale(values: readonly { readonly high: number; readonly baseline: number }[]): number {
  const highest = Math.max(0, ...values.flatMap(({ high, baseline }) => [high, baseline]).filter(Number.isFinite));
  return highest === 0 ? 1 : highest * 1.08;
}
