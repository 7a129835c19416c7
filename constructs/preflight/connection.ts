import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { stackError } from '../errors.ts';
import type { Access } from './kubeconfig.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 20_000;

/** A way to an API server, as who the kubeconfig says. */
export interface Connection {
  /** Whatever it answers, save that it does not know who asks. @throws MR_STACK_UNREACHABLE, MR_STACK_CREDENTIALS */
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  close(): void;
}

export function openConnection({ server, tls, authorization, context }: Access): Connection {
  const secure = server.startsWith('https:');
  const agent = secure
    ? new Agent({ keepAlive: true, maxSockets: 16, ...tls })
    : new PlainAgent({ keepAlive: true, maxSockets: 16 });
  const base = server.endsWith('/') ? server : `${server}/`;

  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    new Promise((done, failed) => {
      const headers: Record<string, string> = { Accept: 'application/json' };
      if (authorization !== undefined) headers['Authorization'] = authorization;
      if (body !== undefined) headers['Content-Type'] = 'application/json';
      const options = { method, agent, headers, timeout: TIMEOUT_MS };
      const call = (secure ? request : plainRequest)(new URL(path.slice(1), base), options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', failed);
        answer.once('end', () => done({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      });
      call.once('timeout', () => call.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      call.once('error', failed);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });

  async function ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await send(method, path, body);
    } catch (cause) {
      throw stackError('MR_STACK_UNREACHABLE', `The API server of context '${context}' does not answer: ${reasonOf(cause)}`, {
        field: 'server',
        value: server,
        expected: 'an API server that answers there',
        cause,
      });
    }
    if (answer.status === 401)
      throw stackError('MR_STACK_CREDENTIALS', `The API server does not know who the context '${context}' says you are`, {
        field: 'users',
        value: context,
        expected: 'a credential that is still good',
      });
    return answer;
  }

  return { ask, close: () => agent.destroy() };
}

/** The innermost reason: `connect ECONNREFUSED 127.0.0.1:1`. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
}
