import type { VNode } from 'preact';
import type { PageState } from '../state.ts';
import { count, idStart, timeOfDay } from './format.ts';
import { html } from './html.ts';
import { Empty, Panel } from './panel.ts';

/** The end of the audit log, newest first. */
export function Audit({ state }: { readonly state: PageState }): VNode {
  const { size, tail } = state.audit;
  return html`
    <${Panel} id="audit" title="Audit" note="${count(size)} records, hash-chained and signed">
      ${
        tail.length === 0
          ? html`<${Empty}>Nothing was recorded yet.<//>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label="Newest audit records">
              <table class="audit">
                <thead>
                  <tr><th scope="col" class="number spare">no.</th><th scope="col">time</th><th scope="col">action</th><th scope="col">subject</th><th scope="col" class="spare">actor</th><th scope="col">outcome</th></tr>
                </thead>
                <tbody>
                  ${tail.map(
                    ({ index, at, action, subject, actor, outcome }) => html`<tr key=${index}>
                      <td class="number muted spare">${index}</td>
                      <td class="number">${timeOfDay(at)}</td>
                      <th scope="row">${action}</th>
                      <td class="subject" title=${subject}>${idStart(subject, 28)}</td>
                      <td class="muted spare">${actor}</td>
                      <td><span class="badge ${tone(outcome)}">${outcome}</span></td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
      }
    <//>
  `;
}

function tone(outcome: string): string {
  if (outcome === 'refused' || outcome === 'failed' || outcome === 'denied') return 'ill';
  return outcome === 'passed' || outcome === 'approved' ? 'well' : '';
}
