import { stackError } from '../errors.ts';
import { openConnection } from './connection.ts';
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

export function openApiServer(access: Access): ApiServer {
  const { server } = access;
  const connection = openConnection(access);

  async function parsed<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T | undefined> {
    const answer = await connection.ask(method, path, body);
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
    close: connection.close,
  };
}
