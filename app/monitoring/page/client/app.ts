import type { VNode } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import { Answers } from './answers.ts';
import { Audit } from './audit.ts';
import { Drift } from './drift.ts';
import { ExplanationDialog } from './explanation-dialog.ts';
import { html } from './html.ts';
import { useLive } from './live.ts';
import { LoopPicture } from './loop.ts';
import { Releases } from './releases.ts';
import { Top } from './top.ts';
import { Traffic } from './traffic.ts';
import { Verdicts } from './verdicts.ts';

/** The page: what the loop is doing, from the whole to the single answer. */
export function App(): VNode {
  const live = useLive();
  const [explained, setExplained] = useState<string>();
  const explain = useCallback((requestId: string) => setExplained(requestId), []);
  const close = useCallback(() => setExplained(undefined), []);
  const { state, samples } = live;
  return html`
    <a class="skip" href="#content">Skip to the loop</a>
    <${Top} live=${live} />
    <main id="content" class=${live.connection === 'reconnecting' ? 'stale' : ''}>
      ${
        state === undefined
          ? html`<p class="boot" role="status">${live.connection === 'reconnecting' ? 'The loop does not answer; trying again …' : 'Waiting for the first numbers …'}</p>`
          : html`
              <h1 class="unseen">The loop of ${state.usecase}</h1>
              <${LoopPicture} state=${state} />
              <${Traffic} state=${state} samples=${samples} />
              <div class="columns even"><${Releases} state=${state} /><${Verdicts} state=${state} /></div>
              <${Drift} state=${state} />
              <div class="columns even"><${Answers} state=${state} explain=${explain} /><${Audit} state=${state} /></div>
            `
      }
    </main>
    <${ExplanationDialog} kind=${state?.kind ?? 'recommender'} requestId=${explained} close=${close} />
  `;
}
