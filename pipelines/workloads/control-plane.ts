import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { pipelineError } from '../errors.ts';

export interface ControlPlaneAccess {
  /** `https://host[:port]` */
  readonly url: string;
  /** Who signs for the server. */
  readonly caFile: string;
  /** The account's token. It is read for each call, since the cluster replaces it before it runs out. */
  readonly tokenFile: string;
}

/** One step of a JSON patch (RFC 6902). */
export type Operation =
  | { readonly op: 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The API server, as far as a workload of the platform asks it. */
export interface ControlPlane {
  /** @throws MR_PIPELINES_CONTROL_PLANE, with the answer's status as value */
  read<T>(path: string): Promise<T>;
  /** Events of a watch until the server ends it. @throws MR_PIPELINES_CONTROL_PLANE */
  follow<T>(path: string, signal: AbortSignal): AsyncGenerator<T>;
  /** All of it or nothing: false where the object has changed so that a test fails, or is gone. @throws MR_PIPELINES_CONTROL_PLANE */
  patch(path: string, operations: readonly Operation[]): Promise<boolean>;
  close(): void;
}

const TIMEOUT_MS = 20_000;
const NOT_AS_READ = [404, 409, 422];

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export function openControlPlane({ url, caFile, tokenFile }: ControlPlaneAccess): ControlPlane {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(caFile) });

  const send = ({ method, path, body, signal = AbortSignal.timeout(TIMEOUT_MS) }: Call) =>
    new Promise<IncomingMessage>((done, failed) => {
      const headers: Record<string, string> = {
        Accept: 'application/json',
        Authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
        ...(body !== undefined && { 'Content-Type': 'application/json-patch+json' }),
      };
      request(new URL(path, url), { method, agent, headers, signal }, done).once('error', failed).end(body);
    });

  async function answered(call: Call): Promise<IncomingMessage> {
    const answer = await send(call).catch((cause: Error) => {
      throw pipelineError('MR_PIPELINES_CONTROL_PLANE', `the API server does not answer: ${cause.message}`, {
        field: 'MILLRACE_CONTROL_PLANE_URL',
        value: url,
        expected: 'an API server that answers there',
        cause,
      });
    });
    if (answer.statusCode !== undefined && answer.statusCode < 300) return answer;
    const said = messageIn(await textOf(answer));
    throw pipelineError('MR_PIPELINES_CONTROL_PLANE', `${call.method} ${call.path}: ${answer.statusCode} ${said}`, {
      field: call.path,
      value: answer.statusCode,
      expected: 'an answer below 300',
    });
  }

  return {
    read: async <T>(path: string) => JSON.parse(await textOf(await answered({ method: 'GET', path }))) as T,
    async *follow<T>(path: string, signal: AbortSignal) {
      let rest = '';
      for await (const chunk of (await answered({ method: 'GET', path, signal })).setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield JSON.parse(line) as T;
      }
    },
    async patch(path, operations) {
      try {
        (await answered({ method: 'PATCH', path, body: JSON.stringify(operations) })).resume();
        return true;
      } catch (fault) {
        if (NOT_AS_READ.includes((fault as { readonly value?: number }).value ?? 0)) return false;
        throw fault;
      }
    },
    close: () => agent.destroy(),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return text;
}

/** Of a Status object; of anything else, e.g. a proxy's page, how it begins. */
function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly message?: string }).message);
  } catch {
    return text.slice(0, 100);
  }
}
