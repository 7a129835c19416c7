import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PageSample } from '../samples.ts';
import type { PageState } from '../state.ts';
import { Chart } from './chart.ts';
import { count, duration, milliseconds } from './format.ts';
import { html } from './html.ts';
import { Panel } from './panel.ts';
import { trafficSeries } from './series.ts';

const HEIGHT = 132;

/** Throughput, latency and errors over the last minutes, side by side on one time axis. */
export function Traffic({ state, samples }: { readonly state: PageState; readonly samples: readonly PageSample[] }): VNode {
  const { at, events, answers, p50, p99, failures } = useMemo(() => trafficSeries(samples), [samples]);
  const newest = at.at(-1) ?? 0;
  const failing = state.failedRequests > 0;
  const formatX = (seconds: number) => (newest - seconds < 1 ? 'now' : `−${duration(newest - seconds)}`);
  const throughput = useMemo(() => [at, events, answers] as const, [at]);
  const latency = useMemo(() => [at, p50, p99] as const, [at]);
  const failed = useMemo(() => [at, failures] as const, [at]);
  return html`
    <${Panel} id="traffic" title="Traffic" note="last ${duration(newest - (at[0] ?? newest))}">
      <div class="multiples three">
        <div class="figure">
          <div class="figure-head">
            <span class="key accent"><b>${count(state.eventsPerSecond)}</b> events/s</span>
            <span class="key second"><b>${count(state.answersPerSecond)}</b> answers/s</span>
            <span class="readout" aria-hidden="true"></span>
          </div>
          <${Chart} label="Events and answers a second over time" height=${HEIGHT} data=${throughput} originX=${newest} formatX=${formatX} formatY=${compact} atLeast=${10}
            series=${[{ name: 'events', colour: 'accent', filled: true }, { name: 'answers', colour: 'second' }]} />
        </div>
        <div class="figure">
          <div class="figure-head">
            <span class="key accent"><b>${milliseconds(state.latency.p50Ms)}</b> p50</span>
            <span class="key second"><b>${milliseconds(state.latency.p99Ms)}</b> p99</span>
            <span class="readout" aria-hidden="true"></span>
          </div>
          <${Chart} label="Latency of answers over time, milliseconds" height=${HEIGHT} data=${latency} originX=${newest} formatX=${formatX} formatY=${compact} atLeast=${5}
            series=${[{ name: 'p50', colour: 'accent' }, { name: 'p99', colour: 'second' }]} />
        </div>
        <div class="figure">
          <div class="figure-head">
            <span class="key ${failing ? 'ill' : 'muted-key'}"><b>${count(state.failedRequests)}</b> failed requests</span>
            <span class="readout" aria-hidden="true"></span>
          </div>
          <${Chart} label="Failed requests a second over time" height=${HEIGHT} data=${failed} originX=${newest} formatX=${formatX} formatY=${compact} atLeast=${4}
            series=${[{ name: 'failed', colour: failing ? 'ill' : 'muted', filled: true }]} />
        </div>
      </div>
    <//>
  `;
}

const compact = (value: number): string =>
  value >= 10_000 ? `${Math.round(value / 1000)}k` : value >= 10 ? count(value) : String(Number(value.toFixed(1)));
