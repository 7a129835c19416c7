import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { stackError } from '../errors.ts';
import type { Access } from './kubeconfig.ts';

/** A kind as the API server serves it. */
export interface ServedKind {
  readonly group: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The questions that a preflight asks; it changes nothing. */
export interface ApiServer {
  readonly address: string;
  /** Its version, e.g. `v1.34.2`. */
  version(): Promise<string>;
  /** By kind; undefined where this group and version are not served at all. */
  kindsOf(apiVersion: string): Promise<ReadonlyMap<string, ServedKind> | undefined>;
  /** Whether the caller may do it; without a namespace, in all of them. */
  may(verb: string, group: string, plural: string, namespace?: string): Promise<boolean>;
  /** Undefined where the caller may not read it, or there is none. */
  read<T>(path: string): Promise<T | undefined>;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 20_000;

export function openApiServer({ server, tls, authorization, context }: Access): ApiServer {
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

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
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

  async function parsed<T>(method: string, path: string, body?: unknown): Promise<T | undefined> {
    const answer = await ask(method, path, body);
    if (answer.status >= 300) return undefined;
    try {
      return JSON.parse(answer.body) as T;
    } catch (cause) {
      throw stackError('MR_STACK_UNREACHABLE', `What answers at ${server} is no API server of Kubernetes`, {
        field: 'server',
        value: server,
        expected: 'JSON',
        cause,
      });
    }
  }

  return {
    address: server,
    async version() {
      const found = await parsed<{ gitVersion?: string }>('GET', '/version');
      if (found?.gitVersion !== undefined) return found.gitVersion;
      throw stackError('MR_STACK_UNREACHABLE', `What answers at ${server} is no API server of Kubernetes`, {
        field: 'server',
        value: server,
        expected: 'its version at /version',
      });
    },
    async kindsOf(apiVersion) {
      const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const found = await parsed<{ resources: readonly { name: string; kind: string; namespaced: boolean }[] }>('GET', path);
      if (found === undefined) return undefined;
      const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
      return new Map(
        found.resources
          .filter(({ name }) => !name.includes('/'))
          .map(({ name, kind, namespaced }) => [kind, { group, plural: name, namespaced }]),
      );
    },
    async may(verb, group, plural, namespace) {
      const review = await parsed<{ status?: { allowed?: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb, group, resource: plural, ...(namespace !== undefined && { namespace }) } },
        },
      );
      return review?.status?.allowed === true;
    },
    read: (path) => parsed('GET', path),
    close: () => agent.destroy(),
  };
}

/** The innermost reason: `connect ECONNREFUSED 127.0.0.1:1`. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
}
