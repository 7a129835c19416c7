import { setTimeout as sleep } from 'node:timers/promises';
import { openTransport, type Reply } from './transport.ts';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** An object of Kubernetes as JSON. Name the fields that a test reads by `KubeObject<Spec, Status>`. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
  readonly [field: string]: unknown;
}

/** A kind that the server serves. */
export interface Served {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}
export interface Named extends Kind {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface Writing {
  /** Judge and answer as if written, and write nothing. @default false */
  readonly dryRun?: boolean;
  /** @default 'millrace-test' */
  readonly fieldManager?: string;
  /** Take fields from their other owner. @default false */
  readonly force?: boolean;
}

export interface Written {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** What the API server said when it refused. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Kubernetes' own word: Forbidden, Invalid, NotFound, Conflict, AlreadyExists and so on. */
  readonly reason: string;
  readonly warnings: readonly string[];

  constructor(what: string, { status, body, warnings }: Reply) {
    const { reason = 'Unknown', message = body } = asJson(body) as { reason?: string; message?: string };
    super(`${what}: ${status} ${reason}: ${message}`);
    this.status = status;
    this.reason = reason;
    this.warnings = warnings;
  }
}

export interface KubeApi {
  get<T extends KubeObject = KubeObject>(object: Named): Promise<T | undefined>;
  list<T extends KubeObject = KubeObject>(kind: Kind, filter?: ListFilter): Promise<readonly T[]>;
  /** Server-side apply of an object, or of the text of one YAML document. */
  apply(object: KubeObject | string, how?: Writing): Promise<Written>;
  create(object: KubeObject, how?: Pick<Writing, 'dryRun' | 'fieldManager'>): Promise<Written>;
  /** JSON merge patch, of a subresource too (`status`). */
  merge(object: Named, patch: unknown, subresource?: string): Promise<KubeObject>;
  /** Deletes it, its dependants in the background; says whether there was one. */
  delete(object: Named): Promise<boolean>;
  /** Everything that is stored, in every namespace or one, events too: what shows that a `destroy` left nothing. */
  inventory(filter?: ListFilter): Promise<readonly KubeObject[]>;
  /** Every kind that is served now, in each of its versions. */
  served(): Promise<readonly Served[]>;
  /** Any call, for what is not above. The path begins with `/`. */
  raw(method: string, path: string, body?: unknown): Promise<Reply>;
  close(): void;
}

export interface ListFilter {
  readonly namespace?: string;
  /** As kubectl's `-l`: `app=x,tier!=y`. */
  readonly labels?: string;
}

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};
const groupPath = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
/** The field `name` of a YAML document's line, at the indentation given. */
const yamlField = (text: string, indent: number, name: string) =>
  new RegExp(`^ {${indent}}${name}: ["']?([^"'\\s]+)`, 'm').exec(text)?.[1];

/** What a YAML document of one object says of itself (block style, as CRD files have it). */
function identify(text: string): Named {
  const metadata = text.slice(text.search(/^metadata:/m));
  const namespace = yamlField(metadata.split(/^\S/m)[1] ?? '', 2, 'namespace');
  return {
    apiVersion: yamlField(text, 0, 'apiVersion') ?? '',
    kind: yamlField(text, 0, 'kind') ?? '',
    metadata: { name: yamlField(metadata, 2, 'name') ?? '', ...(namespace === undefined ? {} : { namespace }) },
  };
}

/** A client of the API server at `url`, whose certificate `caFile` signed. */
export function openApi(url: string, caFile: string, token: string): KubeApi {
  const transport = openTransport(url, caFile, token);
  const kinds = new Map<string, readonly Served[]>();

  async function call(method: string, path: string, body?: { type: string; text: string }): Promise<Reply> {
    for (let attempt = 0; ; attempt++) {
      const reply = await transport.send(method, path, body);
      // A kind that was only just defined is not listed for a moment: `storage is (re)initializing`.
      if (reply.status === 429 && attempt < 100) await sleep(200);
      else if (reply.status >= 400) throw new Refusal(`${method} ${path}`, reply);
      else return reply;
    }
  }
  const object = (reply: Reply) => JSON.parse(reply.body) as KubeObject;
  const written = (reply: Reply): Written => ({ object: object(reply), warnings: reply.warnings });

  async function kindsOf(apiVersion: string): Promise<readonly Served[]> {
    const { resources } = JSON.parse((await call('GET', groupPath(apiVersion))).body) as { resources: readonly Resource[] };
    const found = resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs }) => ({ apiVersion, kind, plural: name, namespaced, verbs }));
    kinds.set(apiVersion, found);
    return found;
  }

  async function pathOf({ apiVersion, kind }: Kind, namespace?: string, name?: string): Promise<string> {
    const of = (list?: readonly Served[]) => list?.find((candidate) => candidate.kind === kind);
    const served = of(kinds.get(apiVersion)) ?? of(await kindsOf(apiVersion));
    if (served === undefined) throw new Error(`the API server serves no ${kind} in ${apiVersion}: is its CRD installed?`);
    const inside =
      served.namespaced && (namespace !== undefined || name !== undefined) ? `/namespaces/${namespace ?? 'default'}` : '';
    return `${groupPath(apiVersion)}${inside}/${served.plural}${name === undefined ? '' : `/${name}`}`;
  }
  const pathTo = (of: Named) => pathOf(of, of.metadata.namespace, of.metadata.name);
  const query = ({ dryRun, fieldManager = 'millrace-test', force }: Writing) =>
    `?fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}${force ? '&force=true' : ''}`;

  const api: KubeApi = {
    async get<T extends KubeObject>(of: Named) {
      const reply = await transport.send('GET', await pathTo(of));
      if (reply.status === 404) return undefined;
      if (reply.status >= 400) throw new Refusal(`GET ${of.kind} ${of.metadata.name}`, reply);
      return object(reply) as T;
    },
    async list<T extends KubeObject>(kind: Kind, { namespace, labels }: ListFilter = {}) {
      const selector = labels === undefined ? '' : `?labelSelector=${encodeURIComponent(labels)}`;
      const reply = await call('GET', `${await pathOf(kind, namespace)}${selector}`);
      const { items } = JSON.parse(reply.body) as { items: readonly KubeObject[] };
      return items.map((item) => ({ ...item, ...kind }) as T); // a list leaves out what all items share
    },
    async apply(what, how = {}) {
      const text = typeof what === 'string' ? what : JSON.stringify(what);
      const path = await pathTo(typeof what === 'string' ? identify(what) : what);
      return written(await call('PATCH', `${path}${query(how)}`, { type: 'application/apply-patch+yaml', text }));
    },
    async create(what, how = {}) {
      const path = await pathOf(what, what.metadata.namespace ?? 'default');
      return written(await call('POST', `${path}${query(how)}`, { type: 'application/json', text: JSON.stringify(what) }));
    },
    async merge(of, patch, subresource) {
      const path = `${await pathTo(of)}${subresource === undefined ? '' : `/${subresource}`}?fieldManager=millrace-test`;
      return object(await call('PATCH', path, { type: 'application/merge-patch+json', text: JSON.stringify(patch) }));
    },
    async delete(of) {
      const reply = await transport.send('DELETE', `${await pathTo(of)}?propagationPolicy=Background`);
      if (reply.status >= 400 && reply.status !== 404) throw new Refusal(`DELETE ${of.kind} ${of.metadata.name}`, reply);
      return reply.status !== 404;
    },
    async inventory(filter = {}) {
      const found: KubeObject[] = [];
      const seen = new Set<string>();
      for (const kind of await api.served()) {
        const stored = kind.verbs.includes('list') && kind.verbs.includes('delete'); // a metric can only be read
        if (!stored || (filter.namespace !== undefined && !kind.namespaced)) continue;
        for (const item of await api.list({ apiVersion: kind.apiVersion, kind: kind.kind }, filter)) {
          const uid = String(item.metadata['uid'] ?? `${kind.apiVersion}/${kind.kind}/${item.metadata.name}`);
          if (!seen.has(uid)) found.push(item); // one object is listed in each version of its kind
          seen.add(uid);
        }
      }
      return found;
    },
    async served() {
      const { groups } = JSON.parse((await call('GET', '/apis')).body) as { groups: readonly ApiGroup[] };
      const versions = ['v1', ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))];
      const unavailable = (error: unknown) => {
        if (error instanceof Refusal && error.status === 503) return []; // an aggregated API, whose server is not up
        throw error;
      };
      return (await Promise.all(versions.map((version) => kindsOf(version).catch(unavailable)))).flat();
    },
    raw: (method, path, body) =>
      transport.send(method, path, body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(body) }),
    close: () => transport.close(),
  };
  return api;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}
interface ApiGroup {
  readonly versions: readonly { readonly groupVersion: string }[];
}
