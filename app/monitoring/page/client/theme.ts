import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { themeChanged } from './colours.ts';
import { html } from './html.ts';

type Theme = 'light' | 'dark';

const KEY = 'millrace.theme';

function chosen(): Theme | undefined {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

/** The system's theme until a person chooses the other one; the choice is kept by the browser. */
export function ThemeToggle(): VNode {
  const [system, setSystem] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  const [choice, setChoice] = useState(chosen);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => {
      setSystem(query.matches);
      themeChanged();
    };
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const now: Theme = choice ?? (system ? 'dark' : 'light');
  const other: Theme = now === 'dark' ? 'light' : 'dark';
  const choose = () => {
    document.documentElement.dataset.theme = other;
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // Kept for this visit only, where storage is forbidden.
    }
    setChoice(other);
    themeChanged();
  };
  return html`
    <button type="button" class="icon-button" onClick=${choose} aria-label="Switch to the ${other} theme" title="Switch to the ${other} theme">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        ${
          now === 'dark'
            ? html`<g fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round">
                <circle cx="8" cy="8" r="3" />
                <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />
              </g>`
            : html`<path d="M13 9.8A5.6 5.6 0 0 1 6.2 3 5.6 5.6 0 1 0 13 9.8Z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />`
        }
      </svg>
    </button>
  `;
}
