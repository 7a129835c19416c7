import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type PageSample, type Samples, samples } from './samples.ts';
import type { PageState } from './state.ts';

/** A client that has not read this many bytes is cut off; it comes back by itself, with a whole state. */
const MOST_UNREAD_BYTES = 4_000_000;

/** Milliseconds after which a browser connects again. */
const RETRY_MS = 1000;

export interface SharedState {
  /** Streams to one client until it leaves. */
  watch(response: ServerResponse, headers: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/**
 * Server-Sent Events (WHATWG HTML §9.2) of one state that all clients share: it is asked for once an interval however
 * many look, and not at all while nobody does. A client first gets `state` (all of it) and `samples` (the last
 * minutes), then `change` with the top-level fields that differ and `sample`; `fault` where the state cannot be read.
 */
export function shareState(options: {
  readonly state: () => Promise<PageState>;
  readonly logger: Logger;
  readonly everyMs: number;
}): SharedState {
  const clients = new Set<ServerResponse>();
  const kept: Samples = samples();
  let fields = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let closed = false;

  const send = (client: ServerResponse, event: string, data: string): void => {
    client.write(`event: ${event}\ndata: ${data}\n\n`);
    if (client.writableLength > MOST_UNREAD_BYTES) client.destroy();
  };
  const sendAll = (event: string, data: string) => {
    for (const client of clients) send(client, event, data);
  };
  const greet = (client: ServerResponse) => {
    if (fields.size === 0) return;
    send(client, 'samples', JSON.stringify(kept.all()));
    send(client, 'state', object(fields));
  };

  async function tick(): Promise<void> {
    try {
      const state = await options.state();
      const first = fields.size === 0;
      const next = fieldsOf(state);
      const changed = new Map([...next].filter(([name, text]) => fields.get(name) !== text));
      // A field that went away is sent as null, so that no client keeps showing it.
      for (const name of fields.keys()) if (!next.has(name)) changed.set(name, 'null');
      fields = next;
      const sample: PageSample | undefined = kept.take(state);
      if (first) return clients.forEach(greet);
      if (sample !== undefined) sendAll('sample', JSON.stringify(sample));
      if (changed.size > 0) sendAll('change', object(changed));
    } catch (cause) {
      options.logger.warn({ err: cause }, 'the state of the page cannot be read');
      sendAll('fault', JSON.stringify({ message: (cause as Error).message }));
    }
  }

  function schedule(delayMs: number): void {
    if (timer !== undefined || round !== undefined || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      const started = performance.now();
      round = tick().finally(() => {
        round = undefined;
        // Nobody left: forget the state, the next client gets a fresh one.
        if (clients.size === 0) fields = new Map();
        else schedule(Math.max(0, options.everyMs - (performance.now() - started)));
      });
    }, delayMs);
  }

  return {
    watch(response, headers) {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
      response.write(`retry: ${RETRY_MS}\n\n`);
      if (closed) return void response.end();
      clients.add(response);
      response.on('error', () => response.destroy());
      response.on('close', () => {
        clients.delete(response);
        if (clients.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
        if (round === undefined) fields = new Map();
      });
      greet(response);
      schedule(0);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
      for (const client of clients) client.end();
    },
  };
}

const fieldsOf = (state: PageState): Map<string, string> =>
  new Map(
    Object.entries(state)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );

const object = (fields: ReadonlyMap<string, string>): string =>
  `{${[...fields].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
