import type { ComponentChildren, VNode } from 'preact';
import { html } from './html.ts';

/** A titled part of the page; the layers of the picture link to it by its id. */
export function Panel(props: {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  readonly children?: ComponentChildren;
}): VNode {
  return html`
    <section class="panel" id=${props.id} aria-labelledby="${props.id}-title" tabindex="-1">
      <header class="panel-head">
        <h2 id="${props.id}-title">${props.title}</h2>
        ${props.note !== undefined && html`<p class="panel-note">${props.note}</p>`}
      </header>
      ${props.children}
    </section>
  `;
}

/** What a panel says while there is nothing to show. */
export function Empty({ children }: { readonly children?: ComponentChildren }): VNode {
  return html`<p class="empty">${children}</p>`;
}
