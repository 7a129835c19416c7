import type { VNode } from 'preact';
import type { Erased, Explained, Explanation } from '../../../serving/explanation.ts';
import { count, decimal, idStart, milliseconds } from './format.ts';
import { html } from './html.ts';
import { WORDS } from './words.ts';

const SHOWN_EVENTS = 12;

/** An explanation: the outcome first, then the evidence from events to scores. */
export function ExplanationBody({ explanation }: { readonly explanation: Explanation }): VNode {
  return explanation.status === 'erased'
    ? html`<${ErasedBody} erased=${explanation} />`
    : html`<${ExplainedBody} explained=${explanation} />`;
}

function ErasedBody({ erased }: { readonly erased: Erased }): VNode {
  return html`
    <div class="outcome">
      <b>The ${WORDS[erased.kind].subject} was erased${erased.erasedOn === undefined ? '' : ` on ${erased.erasedOn}`}.</b>
      <p>The features are gone for ever, so the answer cannot be made again. It was given at ${erased.at} by version ${erased.version}.</p>
    </div>
  `;
}

function ExplainedBody({ explained }: { readonly explained: Explained }): VNode {
  const { kind, answer, verified, subject, position } = explained;
  return html`
    <div class="outcome ${verified ? 'well' : 'ill'}">
      <b>${verified ? 'Made again from the lake: the same answer.' : 'Made again from the lake: another answer.'}</b>
      <p>
        ${compared(explained)}
      </p>
    </div>
    <dl class="about">
      <div><dt>answered</dt><dd>${explained.at}</dd></div>
      <div><dt>${WORDS[kind].subject}</dt><dd>${subject === null ? 'unknown' : html`<code title=${subject}>${idStart(subject, 16)}</code>`}</dd></div>
      <div><dt>release</dt><dd>${explained.model} version ${explained.version}, unit <code title=${explained.unitId}>${idStart(explained.unitId)}</code></dd></div>
      <div><dt>made by</dt><dd>${madeBy(explained)}, in ${milliseconds(answer.latencyMs)}</dd></div>
      <div><dt>events</dt><dd>${position === null ? 'none were known' : html`<code>${position.topic}</code> partition ${position.partition}, offsets below ${position.beforeOffset}`}</dd></div>
    </dl>
    <${kind === 'classifier' ? Decision : Items} explained=${explained} />
    <${Features} explained=${explained} />
    <${Events} explained=${explained} />
    <${Release} release=${explained.release} />
  `;
}

const within = (difference: number): string =>
  difference === 0 ? 'equal to the last bit' : `within ${difference.toExponential(1)}`;

function compared({ kind, answer, recomputed: { sameItems, largestDifference }, verified }: Explained): string {
  const off = largestDifference.toExponential(1);
  if (kind === 'classifier') {
    const scored = answer.scores.length > 0;
    if (verified) return `The same decision${scored ? `, its probability ${within(largestDifference)}` : ''}.`;
    return `${sameItems ? 'The same decision' : 'Another decision'}${scored ? `, the probability differs by ${off}` : ''}.`;
  }
  if (verified) return `${answer.items.length} items in the same order, scores ${within(largestDifference)}.`;
  return `${sameItems ? 'Same items' : 'Other items'}, largest difference of a score ${off}.`;
}

function madeBy({ kind, answer: { fallback, reason, coldStart, confidence } }: Explained): string {
  if (fallback !== null) return `the fallback '${fallback}'${reason === null ? '' : ` (${reason})`}`;
  return `the model${coldStart ? ', from recent items alone' : ''}${confidence === null ? '' : `, ${kind === 'classifier' ? 'probability' : 'confidence'} ${decimal(confidence)}`}`;
}

function Items({ explained: { answer, recomputed } }: { readonly explained: Explained }): VNode {
  const top = Math.max(...answer.scores.map(Math.abs), Number.EPSILON);
  return html`
    <h3>Items</h3>
    <table class="ranking">
      <thead><tr><th scope="col" class="number">rank</th><th scope="col">item</th><th scope="col">score</th><th scope="col" class="number">served</th><th scope="col" class="number">made again</th></tr></thead>
      <tbody>
        ${answer.items.map((item, index) => {
          const [score, again] = [answer.scores[index], recomputed.scores[index]];
          const share = score === undefined ? 0 : Math.max(0, score) / top;
          return html`<tr key=${item}>
            <td class="number muted">${index + 1}</td>
            <th scope="row">${item}</th>
            <td class="bar-cell"><${Bar} share=${share} /></td>
            <td class="number">${score === undefined ? '–' : decimal(score, 4)}</td>
            <td class="number">${again === undefined ? '–' : decimal(again, 4)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  `;
}

/** The one decision, and the probability it was made by, on a scale from 0 to 1. */
function Decision({ explained: { answer, recomputed } }: { readonly explained: Explained }): VNode {
  const [probability, again] = [answer.scores[0], recomputed.scores[0]];
  return html`
    <h3>Decision</h3>
    <table class="ranking">
      <thead><tr><th scope="col">decision</th><th scope="col">probability</th><th scope="col" class="number">served</th><th scope="col" class="number">made again</th></tr></thead>
      <tbody>
        <tr>
          <th scope="row">${answer.items[0]}</th>
          <td class="bar-cell"><${Bar} share=${probability ?? 0} /></td>
          <td class="number">${probability === undefined ? '–' : decimal(probability, 4)}</td>
          <td class="number">${again === undefined ? '–' : decimal(again, 4)}</td>
        </tr>
      </tbody>
    </table>
  `;
}

function Bar({ share }: { readonly share: number }): VNode {
  return html`<svg width="100%" height="8" aria-hidden="true"><rect class="bar-ground" width="100%" height="8" rx="2" /><rect class="bar" width="${(100 * share).toFixed(1)}%" height="8" rx="2" /></svg>`;
}

function Features({ explained: { features, embeddings } }: { readonly explained: Explained }): VNode {
  return html`
    <h3>Features, as of the answer</h3>
    ${features.length + embeddings.length === 0 && html`<p class="muted">None were read.</p>`}
    <table class="features">
      <tbody>
        ${features.map(
          ({ name, served, recomputed, equal }) => html`<tr key=${name}>
            <th scope="row">${name}</th>
            <td class="wrap">${text(served)}${!equal && html`<span class="differs">from the lake: ${text(recomputed)}</span>`}</td>
            <td><span class="badge ${equal ? 'well' : 'ill'}">${equal ? 'equal' : 'differs'}</span></td>
          </tr>`,
        )}
        ${embeddings.map(
          ({ name, found, dimensions, learntAt }) => html`<tr key=${name}>
            <th scope="row">${name}</th>
            <td class="wrap">${found ? `vector of ${dimensions}, learnt ${learntAt ?? 'at an unknown time'}` : 'none: cold start'}</td>
            <td></td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

function Events({ explained: { events } }: { readonly explained: Explained }): VNode | null {
  if (events.length === 0) return null;
  const newest = [...events].reverse().slice(0, SHOWN_EVENTS);
  return html`
    <h3>Events behind them <span class="muted">${events.length > SHOWN_EVENTS ? `newest ${SHOWN_EVENTS} of ${count(events.length)}` : count(events.length)}</span></h3>
    <div class="scroll" tabindex="0" role="region" aria-label="Events behind the features">
      <table class="events">
        <tbody>
          ${newest.map(
            ({ partition, offset, time, values }) => html`<tr key=${offset}>
              <td class="number muted">${partition}@${offset}</td>
              <td class="number">${time.slice(0, 19).replace('T', ' ')}</td>
              <td>${Object.values(values)
                .filter((value) => value !== null)
                .join('  ')}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Release({ release }: { readonly release: Explained['release'] }): VNode | null {
  if (release === null) return null;
  const tables = Object.entries(release.dataset.tables).map(([table, version]) => `${table}@${version}`);
  return html`
    <h3>Release</h3>
    <dl class="about">
      <div><dt>model</dt><dd><code>sha256 ${release.files['model.onnx'].sha256}</code></dd></div>
      <div><dt>data</dt><dd>${tables.join(', ')}, ${count(release.dataset.rows)} rows, query <code>${idStart(release.dataset.queryHash, 12)}</code></dd></div>
      <div><dt>code</dt><dd><code>${release.codeCommit}</code></dd></div>
    </dl>
  `;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.join(', ');
  return typeof value === 'number' ? String(Number(value.toPrecision(8))) : String(value);
}
