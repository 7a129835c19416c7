import type { VNode } from 'preact';
import type { PageState, VerdictState } from '../state.ts';
import { brief, checkName, dayAndTime } from './format.ts';
import { html } from './html.ts';
import { Empty, Panel } from './panel.ts';

const SHOWN = 8;

/** The gate's verdicts, newest first and open; each opens to its checks. */
export function Verdicts({ state }: { readonly state: PageState }): VNode {
  const { verdicts } = state;
  const note = verdicts.length > SHOWN ? `newest ${SHOWN} of ${verdicts.length}` : 'signed and audited; open one for its checks';
  return html`
    <${Panel} id="verdicts" title="Gate verdicts" note=${note}>
      ${
        verdicts.length === 0
          ? html`<${Empty}>The gate has judged nothing yet. Each release is judged once before it may serve.<//>`
          : html`<div class="verdicts">
              ${verdicts.slice(0, SHOWN).map((verdict, index) => html`<${Verdict} key="${verdict.version} ${verdict.at}" verdict=${verdict} newest=${index === 0} />`)}
            </div>`
      }
    <//>
  `;
}

function Verdict({ verdict, newest }: { readonly verdict: VerdictState; readonly newest: boolean }): VNode {
  const { version, at, checks } = verdict;
  const passed = checks.filter((check) => check.passed).length;
  return html`
    <details class="verdict" open=${newest}>
      <summary>
        <span class="badge ${verdict.verdict === 'passed' ? 'well' : 'ill'}">${verdict.verdict}</span>
        <b>version ${version}</b>
        <span class="muted checks">${passed} of ${checks.length} checks</span>
        <time class="muted">${dayAndTime(at)}</time>
      </summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Checks of version ${version}">
        <table>
          <thead>
            <tr><th scope="col">check</th><th scope="col" class="number">measured</th><th scope="col" class="number">limit</th><th scope="col">result</th></tr>
          </thead>
          <tbody>
            ${checks.map(
              (check) => html`<tr class=${check.passed ? '' : 'refused'} title=${check.reason}>
                <th scope="row">${checkName(check.name)}</th>
                <td class="number wrap" title=${check.measured}>${brief(check.measured)}</td>
                <td class="number wrap" title=${check.limit}>${brief(check.limit)}</td>
                <td><span class="badge ${check.passed ? 'well' : 'ill'}">${check.passed ? 'passed' : 'refused'}</span></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}
