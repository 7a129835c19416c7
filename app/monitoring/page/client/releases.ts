import type { VNode } from 'preact';
import type { PageState, ReleaseState } from '../state.ts';
import { dayAndTime, decimal, idStart, lift, metricName, percent } from './format.ts';
import { html } from './html.ts';
import { Empty, Panel } from './panel.ts';
import { metricScale } from './series.ts';
import { WORDS } from './words.ts';

type Metric = ReleaseState['metrics'][string];

/** Champion and challenger: each metric with its 95 % interval on one scale, beside the popularity baseline. */
export function Releases({ state }: { readonly state: PageState }): VNode {
  const { champion, challenger, retraining, hitRate } = state;
  const words = WORDS[state.kind];
  const both = [champion, challenger].filter((release) => release !== undefined && release !== null);
  const names = [...new Set(both.flatMap(({ metrics }) => Object.keys(metrics)))];
  return html`
    <${Panel} id="releases" title="Releases" note=${`value with 95 % interval; the tick is the ${words.baseline} baseline`}>
      ${
        both.length === 0
          ? html`<${Empty}>Nothing is trained yet. The first release appears here once training has ended and the gate has passed it; until then
              ${words.fallback}.<//>`
          : html`
              <div class="release-heads">
                <${Head} role="champion" release=${champion} hitRate=${hitRate} live=${words.live} />
                <${Head} role="challenger" release=${challenger} hitRate=${hitRate} live=${words.live} />
              </div>
              <div class="metrics" role="list" aria-label="Metrics">
                ${names.map((name) => html`<${MetricRow} key=${name} name=${name} champion=${champion?.metrics[name]} challenger=${challenger?.metrics[name]} />`)}
              </div>
            `
      }
      <p class="retraining ${retraining.running ? 'running' : ''}" aria-live="polite">
        <b>${retraining.running ? `Retraining: ${retraining.step}` : 'No retraining runs'}</b>
        <span>${retraining.running ? retraining.message : ''}</span>
        <span class="muted">${retraining.reason === '' ? '' : `${retraining.running ? 'because' : 'the last one'}: ${retraining.reason}`}</span>
      </p>
    <//>
  `;
}

function Head(props: {
  readonly role: 'champion' | 'challenger';
  readonly release: ReleaseState | undefined;
  readonly hitRate: PageState['hitRate'];
  readonly live: string;
}): VNode {
  const { role, release, hitRate, live } = props;
  if (release === undefined || release === null)
    return html`<div class="release-head ${role}"><h3>${role}</h3><p class="version muted">none</p><p class="muted">${role === 'champion' ? 'no release serves yet' : 'none is being judged'}</p></div>`;
  return html`
    <div class="release-head ${role}">
      <h3>${role}</h3>
      <p class="version">version ${release.version} <span class="badge">${release.state}</span></p>
      <p class="muted">
        <span>unit <code title=${release.unitId}>${idStart(release.unitId)}</code></span>
        <span>trained ${dayAndTime(release.trainedAt)}</span>
        <span>live ${live} ${percent(hitRate[release.version])}</span>
      </p>
    </div>
  `;
}

function MetricRow(props: {
  readonly name: string;
  readonly champion: Metric | undefined;
  readonly challenger: Metric | undefined;
}): VNode {
  const { name, champion, challenger } = props;
  const top = metricScale([champion, challenger].filter((metric) => metric !== undefined));
  return html`
    <div class="metric" role="listitem">
      <h4>${metricName(name)}</h4>
      ${champion !== undefined && html`<${Interval} role="champion" metric=${champion} top=${top} />`}
      ${challenger !== undefined && html`<${Interval} role="challenger" metric=${challenger} top=${top} />`}
    </div>
  `;
}

/** Whisker from low to high, dot at the value, tick at the baseline. */
function Interval({ role, metric, top }: { readonly role: string; readonly metric: Metric; readonly top: number }): VNode {
  const { value, low, high, baseline } = metric;
  const x = (number: number) => `${((100 * Math.max(0, number)) / top).toFixed(2)}%`;
  const label = `${role}: ${decimal(value)}, 95 % interval ${decimal(low)} to ${decimal(high)}, baseline ${decimal(baseline)}`;
  return html`
    <div class="interval ${role}">
      <svg class="interval-plot" width="100%" height="20" role="img" aria-label=${label}>
        <line class="ground" x1="0" x2="100%" y1="10" y2="10" />
        <line class="baseline" x1=${x(baseline)} x2=${x(baseline)} y1="3" y2="17" />
        <line class="whisker" x1=${x(low)} x2=${x(high)} y1="10" y2="10" />
        <circle class="dot" cx=${x(value)} cy="10" r="4" />
      </svg>
      <span class="figures"><b>${decimal(value)}</b><span class="muted">${decimal(low)} – ${decimal(high)}</span></span>
      <span class="against muted" title="against the baseline, ${decimal(baseline)}">${lift(value, baseline)}</span>
    </div>
  `;
}
