import type { PageState } from './state.ts';

/** One second of traffic, for the lines over time. */
export interface PageSample {
  /** Seconds since the loop started. */
  readonly at: number;
  readonly events: number;
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that failed, in total. */
  readonly failed: number;
}

export interface Samples {
  /** The state's sample, or undefined where the second has one already. */
  take(state: PageState): PageSample | undefined;
  all(): readonly PageSample[];
}

/** Ten minutes. */
const KEPT = 600;

/** The last samples, oldest first; they are kept while nobody looks, with a gap where none were taken. */
export function samples(): Samples {
  const ring: PageSample[] = [];
  return {
    take(state) {
      const newest = ring.at(-1);
      if (newest?.at === state.uptimeSeconds) return undefined;
      const sample: PageSample = {
        at: state.uptimeSeconds,
        events: state.eventsPerSecond,
        answers: state.answersPerSecond,
        p50Ms: state.latency.p50Ms,
        p99Ms: state.latency.p99Ms,
        failed: state.failedRequests,
      };
      ring.push(sample);
      if (ring.length > KEPT) ring.shift();
      return sample;
    },
    all: () => ring,
  };
}
