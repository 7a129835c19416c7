import type { Construct } from 'constructs';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';

/** The identity with which Argo's own container reports a run's result; the trainer's container never holds it. */
export const EXECUTOR = 'workflow-executor';

export function executor(scope: Construct, { dials }: Site): void {
  const namespace = namespaceOf('training');
  const labels = labelsOf({ name: EXECUTOR, layer: 'training' }, dials.owner);
  const metadata = { name: EXECUTOR, namespace, labels };
  object(scope, 'executor-account', 'v1 ServiceAccount', { metadata, automountServiceAccountToken: false });
  object(scope, 'executor-token', 'v1 Secret', {
    metadata: {
      name: `${EXECUTOR}.service-account-token`,
      namespace,
      labels,
      annotations: { 'kubernetes.io/service-account.name': EXECUTOR },
    },
    type: 'kubernetes.io/service-account-token',
  });
  object(scope, 'executor-role', 'rbac.authorization.k8s.io/v1 Role', {
    metadata,
    rules: [{ apiGroups: ['argoproj.io'], resources: ['workflowtaskresults'], verbs: ['create', 'patch'] }],
  });
  object(scope, 'executor-binding', 'rbac.authorization.k8s.io/v1 RoleBinding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: EXECUTOR },
    subjects: [{ kind: 'ServiceAccount', name: EXECUTOR, namespace }],
  });
}
