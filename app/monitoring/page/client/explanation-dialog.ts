import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Explanation } from '../../../serving/explanation.ts';
import type { PageState } from '../state.ts';
import { ExplanationBody } from './explanation.ts';
import { idEnd } from './format.ts';
import { html } from './html.ts';
import { WORDS } from './words.ts';

type Answer =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string; readonly next: string };

const WAITING: Answer = { kind: 'waiting' };

/** How one answer came about, over the page; Escape closes it and the focus goes back to its button. */
export function ExplanationDialog({
  kind,
  requestId,
  close,
}: {
  readonly kind: PageState['kind'];
  readonly requestId: string | undefined;
  readonly close: () => void;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [answer, setAnswer] = useState<Answer>(WAITING);
  useEffect(() => {
    if (requestId === undefined) {
      dialog.current?.close();
      return undefined;
    }
    dialog.current?.showModal();
    setAnswer(WAITING);
    const left = new AbortController();
    void ask(requestId, left.signal).then((given) => {
      if (!left.signal.aborted) setAnswer(given);
    });
    return () => left.abort();
  }, [requestId]);
  const outside = (event: MouseEvent) => {
    if (event.target === dialog.current) close();
  };
  return html`
    <dialog ref=${dialog} class="explanation" aria-labelledby="explanation-title" onClose=${close} onClick=${outside}>
      <div class="explanation-inside">
        <header>
          <h2 id="explanation-title">${WORDS[kind].why}</h2>
          <code class="muted" title=${requestId}>${idEnd(requestId ?? '', 13)}</code>
          <button type="button" class="icon-button" onClick=${close} aria-label="Close the explanation" title="Close">
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" /></svg>
          </button>
        </header>
        <div class="explanation-body" aria-live="polite" tabindex="0" role="region" aria-label="Explanation"><${Body} answer=${answer} /></div>
      </div>
    </dialog>
  `;
}

function Body({ answer }: { readonly answer: Answer }): VNode {
  switch (answer.kind) {
    case 'waiting':
      return html`<p class="empty">Reading the lake and making the answer again …</p>`;
    case 'failed':
      return html`<div class="outcome ill" role="alert"><b>${answer.message}</b><p>${answer.next}</p><code class="muted">${answer.code}</code></div>`;
    default:
      return html`<${ExplanationBody} explanation=${answer.explanation} />`;
  }
}

async function ask(requestId: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(`/api/explain/${encodeURIComponent(requestId)}`, { signal });
    const body = (await response.json()) as unknown;
    if (response.ok) return { kind: 'explained', explanation: body as Explanation };
    const problem = body as { readonly detail?: string; readonly title?: string; readonly code?: string; readonly next?: string };
    return {
      kind: 'failed',
      message: problem.detail ?? problem.title ?? `The page answered ${response.status}.`,
      code: problem.code ?? '',
      next: problem.next ?? '',
    };
  } catch (cause) {
    return { kind: 'failed', message: 'The loop does not answer.', code: (cause as Error).message, next: 'Is it still running?' };
  }
}
