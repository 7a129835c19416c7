import { readdirSync } from 'node:fs';
import { BELONGS, ENVIRONMENT, PLATFORM } from '../../app/usecases/annotations.ts';
import type { Dials } from '../dials.ts';
import { stackError } from '../errors.ts';
import type { ApiServer, ServedKind } from './api-server.ts';
import { kindsIn } from './kinds-in.ts';
import type { Needs } from './needs.ts';

/** Each needed kind that is served, by `apiVersion Kind`. */
export type Served = ReadonlyMap<string, ServedKind>;

interface NamespaceList {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> } }[];
}

/** One cluster holds one environment: a kubeconfig left on another's context must not turn that into this one. */
export async function checkEnvironment(server: ApiServer, { environment }: Dials, context: string): Promise<void> {
  const found = await server.read<NamespaceList>(
    `/api/v1/namespaces?labelSelector=${encodeURIComponent(`${BELONGS}=${PLATFORM}`)}`,
  );
  const other = found?.items.map(({ metadata }) => metadata.labels?.[ENVIRONMENT]).find((name) => name !== environment);
  if (other === undefined) return;
  throw stackError('MR_STACK_CONTEXT', `The cluster of context '${context}' already holds the environment '${other}'`, {
    field: 'current-context',
    value: context,
    expected: `the context of a cluster for '${environment}'`,
  });
}

/** Where manifests bring the operators, their folder is there. */
export function checkOperators({ operators }: Dials): void {
  if (operators.from !== 'manifests') return;
  const folder = operators.folder ?? '';
  try {
    if (readdirSync(folder).some((file) => /\.ya?ml$/.test(file))) return;
  } catch {
    // Said below: not there and empty are the same to a preview.
  }
  throw stackError('MR_STACK_OPERATORS', `The operators' manifests cannot be read from '${folder}'`, {
    field: 'millrace:operators.folder',
    value: folder,
    expected: 'a folder with YAML files',
  });
}

/** Every kind is served, or comes with the operators that the stack installs. */
export async function checkKinds(server: ApiServer, { operators }: Dials, { kinds }: Needs): Promise<Served> {
  const versions = [...new Set(kinds.map(({ apiVersion }) => apiVersion))];
  const known = new Map(await Promise.all(versions.map(async (version) => [version, await server.kindsOf(version)] as const)));
  const brought = operators.from === 'manifests' ? kindsIn(operators.folder ?? '') : new Set<string>();
  const served = new Map<string, ServedKind>();
  const absent: string[] = [];
  for (const { apiVersion, kind } of kinds) {
    const found = known.get(apiVersion)?.get(kind);
    if (found !== undefined) served.set(`${apiVersion} ${kind}`, found);
    else if (operators.from !== 'helm' && !brought.has(`${apiVersion.split('/')[0]}/${kind}`))
      absent.push(`${apiVersion} ${kind}`);
  }
  if (absent.length === 0) return served;
  const bySetting = operators.from === 'present' ? 'has to be there already' : `is in ${operators.folder}`;
  throw stackError(
    'MR_STACK_KINDS',
    `The cluster serves no ${absent.join(', no ')}; millrace:operators.from is ${operators.from}, so that each ${bySetting}`,
    { field: 'millrace:operators.from', value: operators.from, expected: 'helm, or manifests that bring these kinds' },
  );
}

/** What the engine does to an object over its life. */
const VERBS = ['get', 'create', 'patch', 'delete'] as const;

/** Whoever the kubeconfig names may do to each kind what the engine does. */
export async function checkPermissions(server: ApiServer, { operators }: Dials, { kinds }: Needs, served: Served): Promise<void> {
  if (await server.may('*', '*', '*')) return;
  const wanted = kinds.flatMap(({ apiVersion, kind, namespaces }) => {
    const found = served.get(`${apiVersion} ${kind}`);
    if (found === undefined) return [];
    return (found.namespaced ? namespaces : [undefined]).flatMap((namespace) =>
      VERBS.map((verb) => ({ ...found, verb, namespace })),
    );
  });
  if (operators.from !== 'present')
    wanted.push(
      ...VERBS.map((verb) => ({
        ...{ verb, group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' },
        ...{ namespaced: false, namespace: undefined },
      })),
    );
  const answers = await Promise.all(
    wanted.map(async (one) => ({ ...one, allowed: await server.may(one.verb, one.group, one.plural, one.namespace) })),
  );
  const refused = new Map<string, Set<string>>();
  for (const { verb, group, plural, allowed } of answers) {
    if (allowed) continue;
    const resource = group === '' ? plural : `${plural}.${group}`;
    refused.set(resource, (refused.get(resource) ?? new Set()).add(verb));
  }
  if (refused.size === 0) return;
  const lines = [...refused].map(([resource, verbs]) => `  ${[...verbs].join(', ')} ${resource}`);
  const [first] = refused.keys();
  throw stackError('MR_STACK_FORBIDDEN', `Whoever the kubeconfig names may not:\n${lines.join('\n')}`, {
    field: 'users',
    value: first,
    expected: `${VERBS.join(', ')} on every kind of the environment`,
  });
}
