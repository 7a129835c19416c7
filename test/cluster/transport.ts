import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Texts of the `Warning` headers, as the API server gives them for deprecated fields, unknown fields, pod security. */
  readonly warnings: readonly string[];
}

export interface Transport {
  send(method: string, path: string, body?: { readonly type: string; readonly text: string }): Promise<Reply>;
  close(): void;
}

const TIMEOUT_MS = 60_000;

/** The texts of warning headers: each is `299 - "text"`, with quotes and backslashes escaped. */
export const warningTexts = (headers: readonly string[]): readonly string[] =>
  headers.flatMap((header) =>
    [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1')),
  );

/** HTTPS to an API server whose certificate `caFile` signed, as the bearer of `token`. */
export function openTransport(url: string, caFile: string, token: string): Transport {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });
  return {
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers: Record<string, string> = { Accept: 'application/json', Authorization: `Bearer ${token}` };
        if (body !== undefined) headers['Content-Type'] = body.type;
        const call = request(new URL(path, url), { method, agent, headers, timeout: TIMEOUT_MS }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              warnings: warningTexts(response.headersDistinct['warning'] ?? []),
            }),
          );
        });
        call.once('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
        call.once('error', reject);
        call.end(body?.text);
      }),
    close: () => agent.destroy(),
  };
}
