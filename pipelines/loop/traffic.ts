import type { Clock, Micros } from '../../app/clock/port.ts';
import { SECOND } from '../../app/clock/port.ts';
import type { Asking } from './asking.ts';
import type { Visit, VisitSource } from './source.ts';

export interface TrafficOptions {
  readonly source: VisitSource;
  readonly clock: Clock;
  readonly collector: { readonly url: string; readonly token: string };
  readonly serving: { readonly url: string; readonly token: string };
  /** Where the stream stood when it last stopped. */
  readonly from: Micros;
  /** Called after each slice, once its events are in the log. */
  readonly onPosition: (at: Micros) => void;
  readonly asking: Asking;
}

export interface TrafficCount {
  readonly requests: number;
  readonly fallbacks: number;
  readonly failed: number;
  readonly posted: number;
  readonly firstAnswerAtMs: number | undefined;
  /** Round trip of each answered request, milliseconds, newest last. */
  readonly latenciesMs: readonly number[];
  /** Answers by release unit. */
  readonly byUnit: ReadonlyMap<string, number>;
}

export interface Traffic {
  count(): TrafficCount;
  /** The stream's last visit has been handed over. */
  ended(): boolean;
  close(): Promise<void>;
}

const TICK_MS = 50;
const KEPT_LATENCIES = 20_000;
const KEPT_PAGES = 10_000;
/** Requests in flight at once: light load, as a shop's edge would spread it. */
const LANES = 8;
/** Most requests a second: where the stream asks faster, some of the pages keep their list. */
const ASKS_PER_SECOND = 100;

/** Visitors at work: each asks, for items or a decision, then acts. Both go over HTTP, as from a shop. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { source, clock } = options;
  const latenciesMs: number[] = [];
  const byUnit = new Map<string, number>();
  let requests = 0;
  let fallbacks = 0;
  let failed = 0;
  let posted = 0;
  let firstAnswerAtMs: number | undefined;
  let position = options.from;
  let stopped = false;
  let budget = ASKS_PER_SECOND;
  let refilledAt = performance.now();
  let shown = new Map<string, Micros>();

  /** The visits of a slice that ask now: a page that still shows an answer does not. */
  function askers(visits: readonly Visit[]): readonly Visit[] {
    const { refresh } = options.asking;
    const asking = visits.filter(({ asks, subject, at }) => {
      if (!asks || at - (shown.get(subject) ?? Number.NEGATIVE_INFINITY) < refresh) return false;
      if (refresh > 0) shown.set(subject, at);
      return true;
    });
    const oldest = (visits.at(-1)?.at ?? 0) - refresh;
    if (shown.size > KEPT_PAGES) shown = new Map([...shown].filter(([, at]) => at > oldest));
    return asking;
  }

  async function ask(visit: Visit): Promise<void> {
    requests += 1;
    const { route, body } = options.asking.question(visit);
    const started = performance.now();
    try {
      const response = await fetch(`${options.serving.url}${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${options.serving.token}` },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { readonly unitId?: string | null; readonly fallback?: string | null };
      if (!response.ok) {
        failed += 1;
        return;
      }
      firstAnswerAtMs ??= performance.now();
      latenciesMs.push(performance.now() - started);
      if (latenciesMs.length > KEPT_LATENCIES) latenciesMs.splice(0, KEPT_LATENCIES / 2);
      if (answer.fallback !== null && answer.fallback !== undefined) fallbacks += 1;
      const unit = answer.unitId ?? 'none';
      byUnit.set(unit, (byUnit.get(unit) ?? 0) + 1);
    } catch {
      failed += 1;
    }
  }

  async function post(event: string, visits: readonly Visit[]): Promise<void> {
    const response = await fetch(`${options.collector.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.collector.token}` },
      body: JSON.stringify({ event, events: visits.map(({ wire }) => wire) }),
    });
    await response.arrayBuffer();
    if (response.status >= 500) throw new Error(`the collector answered ${response.status}`);
    posted += visits.length;
  }

  async function slice(to: Micros): Promise<void> {
    const visits = await source.live(position, to);
    const now = performance.now();
    budget = Math.min(ASKS_PER_SECOND, budget + ((now - refilledAt) / 1000) * ASKS_PER_SECOND);
    refilledAt = now;
    const asking = askers(visits);
    const every = Math.max(1, Math.ceil(asking.length / Math.max(1, budget)));
    const queue = asking.filter((_, index) => index % every === 0);
    budget -= queue.length;
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let visit = queue.pop(); visit !== undefined && !stopped; visit = queue.pop()) await ask(visit);
      }),
    );
    for (const [event, own] of Map.groupBy(visits, (visit) => visit.event)) {
      for (let at = 0; at < own.length; at += 500) await post(event, own.slice(at, at + 500));
    }
    position = to;
    options.onPosition(to);
  }

  const finished = (async () => {
    while (!stopped) {
      const to = Math.min(clock.now(), source.endsAt ?? Number.MAX_SAFE_INTEGER);
      // An hour of stream at most: a slice that took long is followed by several, not by a huge one.
      if (to > position) await slice(Math.min(to, position + 3_600 * SECOND)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  })();

  return {
    count: () => ({ requests, fallbacks, failed, posted, firstAnswerAtMs, latenciesMs, byUnit }),
    ended: () => source.endsAt !== undefined && position >= source.endsAt,
    async close() {
      stopped = true;
      await finished;
    },
  };
}
