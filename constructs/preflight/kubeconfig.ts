import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { stackError } from '../errors.ts';

/** How an API server is reached, and as whom. Never printed: it holds credentials. */
export interface Access {
  readonly context: string;
  readonly server: string;
  readonly tls: {
    readonly ca?: Buffer;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** Value of the `Authorization` header. */
  readonly authorization?: string;
}

export interface KubeconfigOptions {
  /** One path, or several as KUBECONFIG has them. @default $KUBECONFIG, else ~/.kube/config */
  readonly kubeconfig?: string;
  /** @default the file's current context */
  readonly context?: string;
}

type Entry = Readonly<Record<string, unknown>>;
interface Merged {
  current: string | undefined;
  readonly clusters: Map<string, Entry>;
  readonly users: Map<string, Entry>;
  readonly contexts: Map<string, Entry>;
}

/** Reads who may reach which cluster, as kubectl does. @throws MR_STACK_KUBECONFIG, MR_STACK_CONTEXT */
export function accessOf({ kubeconfig, context: wanted }: KubeconfigOptions = {}): Access {
  const paths = kubeconfig ?? process.env['KUBECONFIG'] ?? join(homedir(), '.kube/config');
  const merged = merge(paths);
  const name = wanted ?? merged.current;
  const context = name === undefined ? undefined : merged.contexts.get(name);
  if (name === undefined || context === undefined)
    throw stackError(
      'MR_STACK_CONTEXT',
      name === undefined ? `${paths} has no current context` : `${paths} has no context '${name}'`,
      { field: wanted === undefined ? 'current-context' : 'context', value: name ?? null, expected: oneOf(merged.contexts) },
    );
  const cluster = named(merged.clusters, context['cluster'], `contexts.${name}.cluster`);
  const user = named(merged.users, context['user'], `contexts.${name}.user`);
  const server = text(cluster, 'server');
  if (server === undefined)
    throw stackError('MR_STACK_KUBECONFIG', `The cluster of context '${name}' has no server`, {
      field: `clusters.${String(context['cluster'])}.server`,
      value: null,
      expected: 'an address, e.g. https://10.0.0.1:6443',
    });
  const credential = user['exec'] === undefined ? user : fromProgram(user['exec'] as Entry, name);
  return {
    context: name,
    server,
    tls: defined({
      ca: bytes(cluster, 'certificate-authority'),
      cert: bytes(credential, 'client-certificate'),
      key: bytes(credential, 'client-key'),
      servername: text(cluster, 'tls-server-name'),
      rejectUnauthorized: cluster['insecure-skip-tls-verify'] === true ? false : undefined,
    }),
    ...defined({ authorization: authorization(credential) }),
  };
}

function merge(paths: string): Merged {
  const files = paths.split(delimiter).filter((path) => path !== '' && existsSync(path));
  if (files.length === 0)
    throw stackError('MR_STACK_KUBECONFIG', 'No kubeconfig says which cluster is meant', {
      field: 'KUBECONFIG',
      value: paths,
      expected: 'the path of a file',
    });
  const merged: Merged = { current: undefined, clusters: new Map(), users: new Map(), contexts: new Map() };
  for (const file of files) {
    const read = readConfig(file);
    merged.current ??= text(read, 'current-context');
    for (const part of ['cluster', 'user', 'context'] as const) {
      const list = read[`${part}s`];
      for (const entry of Array.isArray(list) ? (list as Entry[]) : []) {
        const key = String(entry['name']);
        const body = { ...(entry[part] as Entry | undefined), [FOLDER]: dirname(resolve(file)) };
        if (!merged[`${part}s`].has(key)) merged[`${part}s`].set(key, body); // the first file to name one decides
      }
    }
  }
  return merged;
}

/** Where relative paths of an entry begin: no key of a kubeconfig has this name. */
const FOLDER = ' folder';

function readConfig(file: string): Entry {
  const refuse = (expected: string, cause?: unknown) =>
    stackError('MR_STACK_KUBECONFIG', `${file} is no kubeconfig`, { field: 'KUBECONFIG', value: file, expected, cause });
  let read: unknown;
  try {
    read = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw refuse('a readable file of YAML or JSON', cause);
  }
  if (read === null || typeof read !== 'object' || !('contexts' in read)) throw refuse('clusters, users and contexts');
  return read as Entry;
}

function named(entries: ReadonlyMap<string, Entry>, name: unknown, field: string): Entry {
  const found = entries.get(String(name));
  if (found !== undefined) return found;
  throw stackError('MR_STACK_CONTEXT', `The context names '${String(name)}', which the kubeconfig does not have`, {
    field,
    value: name ?? null,
    expected: oneOf(entries),
  });
}

const oneOf = (entries: ReadonlyMap<string, unknown>) =>
  `one of ${[...entries.keys()].join(', ') || 'the contexts (there are none)'}`;
const text = (entry: Entry, key: string): string | undefined => {
  const value = entry[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** `<key>-data` in base64, or the file that `<key>` names. */
function bytes(entry: Entry, key: string): Buffer | undefined {
  const data = text(entry, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const path = text(entry, key);
  return path === undefined ? undefined : fileOf(entry, key, path);
}

function fileOf(entry: Entry, field: string, path: string): Buffer {
  try {
    return readFileSync(resolve(String(entry[FOLDER] ?? '.'), path));
  } catch (cause) {
    throw stackError('MR_STACK_KUBECONFIG', `The kubeconfig names the file ${path}, which cannot be read`, {
      field,
      value: path,
      expected: 'a readable file',
      cause,
    });
  }
}

function authorization(user: Entry): string | undefined {
  const path = text(user, 'tokenFile');
  const token = text(user, 'token') ?? (path === undefined ? undefined : fileOf(user, 'tokenFile', path).toString('utf8').trim());
  if (token !== undefined) return `Bearer ${token}`;
  const [name, password] = [text(user, 'username'), text(user, 'password')];
  return name === undefined ? undefined : `Basic ${Buffer.from(`${name}:${password ?? ''}`).toString('base64')}`;
}

/** Asks the program that the kubeconfig names for a credential, as `aws eks get-token` is one. */
function fromProgram(exec: Entry, context: string): Entry {
  const command = String(exec['command']);
  const args = Array.isArray(exec['args']) ? exec['args'].map(String) : [];
  const env = Object.fromEntries(
    (Array.isArray(exec['env']) ? (exec['env'] as Entry[]) : []).map(({ name, value }) => [String(name), String(value)]),
  );
  const KUBERNETES_EXEC_INFO = JSON.stringify({
    apiVersion: exec['apiVersion'],
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
  try {
    const output = execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, ...env, KUBERNETES_EXEC_INFO },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    const { status } = JSON.parse(output) as { status?: Entry };
    return {
      ...(status?.['token'] === undefined ? {} : { token: status['token'] }),
      ...encoded('client-certificate', status?.['clientCertificateData']),
      ...encoded('client-key', status?.['clientKeyData']),
    };
  } catch (cause) {
    throw stackError('MR_STACK_KUBECONFIG', `The context '${context}' gets its credential from '${command}', which gave none`, {
      field: 'exec.command',
      value: [command, ...args].join(' '),
      expected: 'a program that prints an ExecCredential',
      cause,
    });
  }
}

const encoded = (key: string, pem: unknown): Entry =>
  typeof pem === 'string' ? { [`${key}-data`]: Buffer.from(pem).toString('base64') } : {};

/** Without the keys that have no value. */
const defined = <T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
