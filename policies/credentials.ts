import { MODEL } from '../app/usecases/model-annotations.ts';
import { list } from './amounts.ts';
import { accountOf, at, namespaceName, objectName, ofKind, secretsOf, word, workloads } from './read.ts';
import type { Resource } from './rule.ts';

/** Objects whose credentials allow something that duties are parted by; a KafkaUser's lie in a Secret of its name. */
export const granting = (resources: readonly Resource[], grant: string): readonly Resource[] =>
  ofKind(resources, 'Secret', 'ExternalSecret', 'KafkaUser', 'SealedSecret').filter((resource) =>
    list(word(resource, MODEL.grants)).includes(grant),
  );

/** The Secret in which credentials lie. */
const secretName = (holder: Resource): string => String(at(holder, 'spec', 'target', 'name') ?? objectName(holder));

/**
 * Workloads that mount the credentials or read them into their environment. Credentials are copied between namespaces under one name, so the name counts.
 */
export const holdersOf = (resources: readonly Resource[], credential: Resource): readonly Resource[] =>
  workloads(resources).filter((workload) => secretsOf(workload).has(secretName(credential)));

/** A role that may read Secrets through the API, and whom it is bound to. */
export interface SecretReader {
  readonly role: Resource;
  readonly path: string;
  /** Undefined: all of the role's namespace, or of the cluster. */
  readonly names: readonly string[] | undefined;
  /** `namespace/name` of the accounts. */
  readonly accounts: readonly string[];
}

const READS = ['get', 'list', 'watch', '*'];
type Entry = Readonly<Record<string, unknown>>;
const entries = (value: unknown): readonly Entry[] => (Array.isArray(value) ? (value as Entry[]) : []);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

function secretReaders(resources: readonly Resource[]): readonly SecretReader[] {
  return ofKind(resources, 'Role', 'ClusterRole').flatMap((role) =>
    entries(at(role, 'rules')).flatMap((rule, index) => {
      const secrets = texts(rule['resources']).some((resource) => resource === 'secrets' || resource === '*');
      if (!secrets || !texts(rule['verbs']).some((verb) => READS.includes(verb))) return [];
      const names = texts(rule['resourceNames']);
      return [
        { role, path: `rules[${index}]`, names: names.length === 0 ? undefined : names, accounts: boundTo(resources, role) },
      ];
    }),
  );
}

const boundTo = (resources: readonly Resource[], role: Resource): readonly string[] =>
  ofKind(resources, 'RoleBinding', 'ClusterRoleBinding')
    .filter((binding) => at(binding, 'roleRef', 'name') === objectName(role))
    .flatMap((binding) =>
      entries(at(binding, 'subjects'))
        .filter(({ kind }) => kind === 'ServiceAccount')
        .map(({ name, namespace }) => `${namespace ?? namespaceName(binding)}/${name}`),
    );

/** Roles that may read one of the credentials through the API. */
export function readersOf(resources: readonly Resource[], credentials: readonly Resource[]): readonly SecretReader[] {
  const names = credentials.map(secretName);
  return secretReaders(resources).filter((reader) => reader.names?.some((name) => names.includes(name)) ?? names.length > 0);
}

/** Accounts that can use the credentials: by a pod that mounts them, or by the API. */
export function accountsWith(resources: readonly Resource[], grant: string): ReadonlySet<string> {
  const credentials = granting(resources, grant);
  const mounted = credentials.flatMap((credential) => holdersOf(resources, credential)).map(accountOf);
  return new Set([...mounted, ...readersOf(resources, credentials).flatMap(({ accounts }) => accounts)]);
}
