import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PageState } from '../state.ts';
import { Chart } from './chart.ts';
import { dayAndTime, decimal, percent, timeOfDay } from './format.ts';
import { html } from './html.ts';
import { Empty, Panel } from './panel.ts';
import { type DriftSeries, driftSeries } from './series.ts';
import { WORDS } from './words.ts';

const TEST_NAMES = { psi: 'PSI', ks: 'KS', js: 'JS' } as const;

/** One small chart a monitored value: its distance from the training profile over time, against its threshold. */
export function Drift({ state }: { readonly state: PageState }): VNode {
  const series = useMemo(() => driftSeries(state.drift), [state.drift]);
  const open = new Map(state.openDrifts.map((drift) => [drift.feature, drift]));
  const fill = Math.min(1, Math.max(0, state.windowFill));
  return html`
    <${Panel} id="drift" title="Drift" note="distance from the champion's training profile, one reading a window">
      <div class="window-fill">
        <span>present window</span>
        <progress max="1" value=${fill} aria-label="Fill of the present window"></progress>
        <b>${percent(fill, 0)}</b>
      </div>
      ${
        series.length === 0
          ? html`<${Empty}>No window is full yet. The first reading comes once enough ${WORDS[state.kind].subjects} were answered.<//>`
          : html`<div class="multiples four">
              ${series.map((one) => html`<${Feature} key=${one.feature} series=${one} since=${open.get(one.feature)?.detectedAt} />`)}
            </div>`
      }
    <//>
  `;
}

function Feature({ series, since }: { readonly series: DriftSeries; readonly since: number | undefined }): VNode {
  const { feature, test, threshold, newest, data } = series;
  const verdict = since !== undefined ? 'drifting' : newest.exceeded ? 'over' : 'within';
  const label = `Drift of ${feature} over time by ${TEST_NAMES[test]}: now ${decimal(newest.value)}, threshold ${threshold}`;
  return html`
    <div class="figure drift-figure" data-feature=${feature}>
      <h3 class="figure-title" title=${feature}>${feature}</h3>
      <div class="figure-head">
        <span class="key ${newest.exceeded ? 'ill' : 'accent'}"><b>${decimal(newest.value)}</b> ${TEST_NAMES[test]}</span>
        <span class="muted">limit ${threshold}</span>
        <span class="badge ${verdict === 'within' ? 'well' : 'ill'}" title=${since === undefined ? '' : `since ${dayAndTime(since)}`}>${verdict}</span>
      </div>
      <${Chart} label=${label} height=${112} data=${data} formatX=${(seconds: number) => timeOfDay(seconds * 1e6).slice(0, 5)}
        formatY=${(value: number) => decimal(value, 2)} atLeast=${threshold * 1.35}
        series=${[
          { name: feature, colour: newest.exceeded ? 'ill' : 'accent', filled: true, dots: data[0].length < 40 },
          { name: 'threshold', colour: 'muted', dashed: true },
        ]} />
    </div>
  `;
}
