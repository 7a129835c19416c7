import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { record } from './recorded.ts';

/** Stores that let a pod in by its identity; the others by a password that comes as a file. */
const BY_IDENTITY = ['log', 'lake', 'objects', 'audit', 'keys'];

interface Manifest {
  readonly metadata?: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** Accounts that the pods of an object run as, wherever in it a pod is described. */
function accountsIn(value: unknown): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  const { serviceAccountName, containers, container } = value as Readonly<Record<string, unknown>>;
  const isPod = containers !== undefined || container !== undefined;
  if (isPod && typeof serviceAccountName === 'string') return [serviceAccountName];
  return Object.values(value).flatMap(accountsIn);
}

const resources = await record(await readDials('prod'), await loadUseCases());

test('on aws each group that a role is bound to has somebody in it', () => {
  const ofType = (type: string) => resources.filter((resource) => resource.type === type).map(({ props }) => props);
  const bound = ofType('kubernetes:rbac.authorization.k8s.io/v1:RoleBinding')
    .flatMap(({ subjects }) => subjects as readonly { readonly kind: string; readonly name: string }[])
    .flatMap(({ kind, name }) => (kind === 'Group' ? [name] : []));
  const given = ofType('aws:eks/accessEntry:AccessEntry').flatMap(
    ({ kubernetesGroups }) => (kubernetesGroups ?? []) as readonly string[],
  );
  assert.deepEqual([...new Set(bound)].sort(), [...given].sort());
});

test('on aws each account whose pods reach a store by identity has a role', () => {
  const roles = new Set(
    resources
      .filter(({ type }) => type === 'aws:eks/podIdentityAssociation:PodIdentityAssociation')
      .map(({ props }) => `${props.namespace}/${props.serviceAccount}`),
  );
  const accounts = resources.flatMap(({ type, props }) => {
    const { metadata, spec } = props as Manifest;
    const accesses = [DATA.reads, DATA.writes].flatMap((word) => (metadata?.annotations?.[word] ?? '').split(','));
    const touches = accesses.some((access) => BY_IDENTITY.includes(access.split(':')[0] ?? ''));
    if (!type.startsWith('kubernetes:') || !touches) return [];
    return accountsIn(spec).map((account) => `${metadata?.namespace}/${account}`);
  });
  assert.ok(accounts.length > 20, `${accounts.length} accounts`);
  assert.deepEqual(
    accounts.filter((account) => !roles.has(account)),
    [],
  );
});
