import type { VNode } from 'preact';
import { dayAndTime, duration, timeOfDay } from './format.ts';
import { html } from './html.ts';
import type { Live } from './live.ts';
import { ThemeToggle } from './theme.ts';

const CONNECTION_WORDS = { connecting: 'connecting', live: 'live', reconnecting: 'reconnecting' } as const;

/** The bar that stays: which loop, what it does now, at what time, and whether these numbers are fresh. */
export function Top({ live }: { readonly live: Live }): VNode {
  const { state, connection, fault } = live;
  const health = fault !== undefined && connection === 'live' ? 'fault' : connection;
  return html`
    <header class="top">
      <p class="brand"><svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true"><use href="/assets/icon.svg#mark" /></svg> Millrace <span class="muted">${state?.usecase ?? ''}</span></p>
      <p class="step" title=${state?.step ?? ''}>${state?.step ?? ''}</p>
      <dl class="facts">
        <div><dt>source</dt><dd>${state?.source ?? '–'}</dd></div>
        <div><dt>platform time</dt><dd>${state === undefined ? '–' : `${dayAndTime(state.now).slice(0, 10)} ${timeOfDay(state.now)}`}</dd></div>
        <div><dt>speed</dt><dd>${state === undefined ? '–' : state.rate === 0 ? 'held' : `× ${state.rate}`}</dd></div>
        <div><dt>up</dt><dd>${state === undefined ? '–' : duration(state.uptimeSeconds)}</dd></div>
      </dl>
      <p class="connection ${health}" role="status" title=${fault ?? ''}><i aria-hidden="true"></i>${health === 'fault' ? 'state unavailable' : CONNECTION_WORDS[connection]}</p>
      <${ThemeToggle} />
    </header>
  `;
}
