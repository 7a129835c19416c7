import { useEffect, useState } from 'preact/hooks';
import type { PageSample } from '../samples.ts';
import type { PageState } from '../state.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting';

export interface Live {
  readonly state: PageState | undefined;
  readonly samples: readonly PageSample[];
  readonly connection: Connection;
  /** Why the newest state could not be read, if so. */
  readonly fault: string | undefined;
}

const KEPT_SAMPLES = 600;
const AGAIN_MS = 2000;

export const NOTHING_YET: Live = { state: undefined, samples: [], connection: 'connecting', fault: undefined };

/** What one message of the stream makes of what is shown. Pure. */
export function receive(live: Live, event: string, data: string): Live {
  const value = JSON.parse(data) as unknown;
  switch (event) {
    case 'state':
      return { ...live, state: value as PageState, fault: undefined };
    case 'change':
      return live.state === undefined
        ? live
        : { ...live, state: { ...live.state, ...(value as Partial<PageState>) }, fault: undefined };
    case 'samples':
      return { ...live, samples: value as readonly PageSample[] };
    case 'sample': {
      const sample = value as PageSample;
      // Seconds that run backwards: another process answers now, and its history is its own.
      const before = (live.samples.at(-1)?.at ?? 0) < sample.at ? live.samples : [];
      return { ...live, samples: [...before, sample].slice(-KEPT_SAMPLES) };
    }
    case 'fault':
      return { ...live, fault: (value as { readonly message: string }).message };
    default:
      return live;
  }
}

/** The stream, for as long as the component lives; it connects again by itself, whatever broke. */
export function useLive(): Live {
  const [live, setLive] = useState(NOTHING_YET);
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      source = new EventSource('/api/stream');
      const connection = (now: Connection) => setLive((before) => ({ ...before, connection: now }));
      source.addEventListener('open', () => connection('live'));
      source.addEventListener('error', () => {
        connection('reconnecting');
        // The browser tries again after a lost connection, but not after an answer that is no stream.
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(connect, AGAIN_MS);
      });
      for (const event of ['state', 'change', 'samples', 'sample', 'fault']) {
        source.addEventListener(event, ({ data }: MessageEvent<string>) => setLive((before) => receive(before, event, data)));
      }
    };
    connect();
    return () => {
      clearTimeout(again);
      source?.close();
    };
  }, []);
  return live;
}
