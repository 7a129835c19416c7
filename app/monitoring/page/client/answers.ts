import type { VNode } from 'preact';
import type { AnswerState, PageState } from '../state.ts';
import { idEnd, idStart, milliseconds, timeOfDay } from './format.ts';
import { html } from './html.ts';
import { Empty, Panel } from './panel.ts';
import { WORDS } from './words.ts';

/** The newest answers; each can be explained. */
export function Answers({ state, explain }: { readonly state: PageState; readonly explain: (requestId: string) => void }): VNode {
  const words = WORDS[state.kind];
  return html`
    <${Panel} id="answers" title=${words.answers} note="${words.subjects} by pseudonym">
      ${
        state.answers.length === 0
          ? html`<${Empty}>${words.none}<//>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label=${words.answers}>
              <table class="answers">
                <thead>
                  <tr>
                    <th scope="col">time</th><th scope="col" class="spare">request</th><th scope="col">${words.subject}</th><th scope="col">${words.given}</th>
                    <th scope="col" class="number spare">version</th><th scope="col" class="number spare">took</th><th scope="col" class="act"><span class="unseen">explain</span></th>
                  </tr>
                </thead>
                <tbody>${state.answers.map((answer) => html`<${Answer} key=${answer.requestId} answer=${answer} explain=${explain} />`)}</tbody>
              </table>
            </div>`
      }
    <//>
  `;
}

function Answer({ answer, explain }: { readonly answer: AnswerState; readonly explain: (requestId: string) => void }): VNode {
  const { requestId, at, user, items, version, fallback, latencyMs } = answer;
  return html`
    <tr>
      <td class="number">${timeOfDay(at)}</td>
      <td class="spare"><code title=${requestId}>${idEnd(requestId)}</code></td>
      <td>${user === null ? html`<span class="muted">unknown</span>` : html`<code title=${user}>${idStart(user, 8)}</code>`}</td>
      <td class="items">${fallback !== null && html`<span class="badge warn" title="answered by the fallback">${fallback}</span>`}<span title=${items.join(', ')}>${items.join(', ')}</span></td>
      <td class="number spare">${version}</td>
      <td class="number spare">${milliseconds(latencyMs)}</td>
      <td class="act"><button type="button" class="button" data-request=${requestId} onClick=${() => explain(requestId)} aria-label="Explain request ${idEnd(requestId)}">Explain</button></td>
    </tr>
  `;
}
