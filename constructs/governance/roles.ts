import type { input } from '@pulumi/kubernetes/types/index.js';
import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { NAMESPACED } from '../cluster/namespaces.ts';
import { serviceAccountOf } from '../cluster/pod.ts';
import { namedOf } from '../cluster/workload.ts';
import type { Dials } from '../dials.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';

type Rule = input.rbac.v1.PolicyRule;
type Layer = (typeof NAMESPACED)[number];
type PeopleRole = keyof NonNullable<NonNullable<Dials['aws']>['roles']>;

const SEE = ['get', 'list', 'watch'];
const rule = (apiGroup: string, resources: string[], verbs: string[]): Rule => ({ apiGroups: [apiGroup], resources, verbs });

const WORKLOADS: Rule[] = [
  rule('', ['pods', 'services', 'events', 'persistentvolumeclaims', 'resourcequotas', 'limitranges'], SEE),
  rule('apps', ['deployments', 'statefulsets', 'replicasets'], SEE),
  rule('batch', ['jobs', 'cronjobs'], SEE),
  rule('autoscaling', ['horizontalpodautoscalers'], SEE),
];
const LOGS = rule('', ['pods/log'], ['get']);
const RULES_OF_TRAFFIC = rule('networking.k8s.io', ['networkpolicies'], SEE);

/**
 * People by what they are for, each a group of the identity provider. None reads a Secret, opens a shell in a pod, or names a
 * wildcard; what changes a deployment goes through a preview.
 */
const PEOPLE: Readonly<Record<PeopleRole, { readonly layers: readonly Layer[]; readonly rules: readonly Rule[] }>> = {
  'platform-engineer': {
    layers: NAMESPACED,
    rules: [
      ...WORKLOADS,
      LOGS,
      RULES_OF_TRAFFIC,
      rule('kafka.strimzi.io', ['kafkas', 'kafkanodepools', 'kafkatopics', 'kafkausers'], SEE),
      rule('keda.sh', ['scaledobjects'], SEE),
      rule('postgresql.cnpg.io', ['clusters', 'backups'], SEE),
      // A pod that hangs is replaced by its owner.
      rule('', ['pods'], ['delete']),
      rule('', ['pods/eviction'], ['create']),
    ],
  },
  'ml-engineer': {
    layers: ['features', 'training', 'delivery', 'serving', 'monitoring'],
    rules: [...WORKLOADS, LOGS, rule('argoproj.io', ['workflows', 'cronworkflows', 'workflowtemplates'], SEE)],
  },
  auditor: {
    layers: NAMESPACED,
    rules: [
      ...WORKLOADS,
      RULES_OF_TRAFFIC,
      rule('', ['configmaps', 'serviceaccounts'], SEE),
      rule('rbac.authorization.k8s.io', ['roles', 'rolebindings'], SEE),
      rule('kafka.strimzi.io', ['kafkatopics', 'kafkausers'], SEE),
    ],
  },
};

/** The group of the identity provider that a role is bound to. */
const groupOf = (role: string): string => `${PLATFORM}:${role}`;

/** Whom the dials put into which groups, by their ARN; each is known to the cluster once. */
export function groupsOf(roles: NonNullable<Dials['aws']>['roles'] = {}): Readonly<Record<string, readonly string[]>> {
  const groups: Record<string, string[]> = {};
  for (const [role, principals] of Object.entries(roles))
    for (const principal of principals) groups[principal] = [...(groups[principal] ?? []), groupOf(role)];
  return groups;
}

/** The roles of people, in each namespace that they are for. */
export function roles(scope: Construct, { dials }: Site): void {
  for (const [role, { layers, rules }] of Object.entries(PEOPLE)) {
    for (const layer of layers) {
      const metadata = { name: role, namespace: namespaceOf(layer), labels: labelsOf({ name: role, layer }, dials.owner) };
      object(scope, `${role}-in-${layer}`, 'rbac.authorization.k8s.io/v1 Role', { metadata, rules: [...rules] });
      object(scope, `${role}-in-${layer}-bound`, 'rbac.authorization.k8s.io/v1 RoleBinding', {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: groupOf(role) }],
      });
    }
  }
}

/** The gate alone shares traffic between a use case's releases: it may change this one route, and nobody else may change any. */
export function gateRole(scope: Construct, { dials }: Site, usecase: UseCase): void {
  const gate = workloadsOf(usecase).find(({ layer }) => layer === 'delivery');
  if (gate === undefined) return;
  const named = namedOf(usecase.name, gate);
  const metadata = {
    name: `${usecase.name}-gate`,
    namespace: namespaceOf('serving'),
    labels: labelsOf({ ...named, layer: 'governance' }, dials.owner),
  };
  object(scope, 'gate-role', 'rbac.authorization.k8s.io/v1 Role', {
    metadata,
    rules: [
      {
        apiGroups: ['gateway.networking.k8s.io'],
        resources: ['httproutes'],
        resourceNames: [usecase.name],
        verbs: ['get', 'patch'],
      },
    ],
  });
  object(scope, 'gate-role-bound', 'rbac.authorization.k8s.io/v1 RoleBinding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccountOf(named), namespace: namespaceOf('delivery') }],
  });
}
