import type { Fixtures } from '../fixture.ts';
import { kubernetes } from '../samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const role = (rule: Readonly<Record<string, unknown>>, kind: 'Role' | 'ClusterRole' = 'Role') =>
  kubernetes(`${RBAC}:${kind}`, 'reader', {
    metadata: kind === 'Role' ? { namespace: 'millrace-monitoring' } : {},
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'], ...rule }],
  });
const binding = (name: string) =>
  kubernetes(`${RBAC}:RoleBinding`, 'reader', {
    metadata: { namespace: 'millrace-monitoring' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: 'exporter', namespace: 'millrace-monitoring' }],
  });
const one = (title: string, resource: ReturnType<typeof kubernetes>) => ({ title, resources: [resource] });

export const fixtures: Fixtures = {
  passing: [
    one('a role that names what it may', role({})),
    one('a cluster role that names what it may', role({ apiGroups: ['apps'], resources: ['deployments/status'] }, 'ClusterRole')),
    one('a binding of a role of ours', binding('millrace-reader')),
  ],
  violating: [
    one('any verb', role({ verbs: ['*'] })),
    one('any resource', role({ resources: ['*'] }, 'ClusterRole')),
    one('any subresource', role({ resources: ['pods/*'] })),
    one('any group', role({ apiGroups: ['*'] })),
    one(
      'any address',
      role({ apiGroups: undefined, resources: undefined, verbs: ['get'], nonResourceURLs: ['/metrics', '*'] }, 'ClusterRole'),
    ),
    one('a shell in pods', role({ resources: ['pods', 'pods/exec'], verbs: ['create'] })),
    one('tokens of accounts', role({ resources: ['serviceaccounts/token'], verbs: ['create'] })),
    one('raising itself', role({ apiGroups: [RBAC.split('/')[0]], resources: ['roles'], verbs: ['update', 'escalate'] })),
    one('impersonation', role({ resources: ['users'], verbs: ['impersonate'] }, 'ClusterRole')),
    one('a binding of cluster-admin', binding('cluster-admin')),
  ],
};
