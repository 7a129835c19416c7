import type { Construct } from 'constructs';
import { nodeReadinessWorkload } from '../../app/platform-workloads.ts';
import { DEVICE_PLUGIN_TAINT } from '../../app/usecases/annotations.ts';
import { serviceAccountOf } from '../cluster/pod.ts';
import { deployment, namedOf } from '../cluster/workload.ts';
import type { Dials } from '../dials.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';

/** Whether GPU nodes start closed, so that somebody must open them. */
export const opensNodes = ({ gpu }: Dials): boolean => gpu.maxNodes > 0 && gpu.readiness === 'taint';

const NAMED = namedOf(undefined, nodeReadinessWorkload);
const NAME = `${PLATFORM}-${nodeReadinessWorkload.name}`;
const SUBJECT = { name: serviceAccountOf(NAMED), namespace: namespaceOf(NAMED.layer) };

/**
 * Opens a GPU node to trainings once its device plugin has told of its GPUs. Rights on nodes know no fields, so what it may
 * change of a node is held by an admission policy: it takes its own taint away, and nothing else.
 */
export function nodeReadiness(scope: Construct, site: Site): void {
  if (!opensNodes(site.dials)) return;
  deployment(scope, {
    site,
    declaration: nodeReadinessWorkload,
    resources: { cpu: '100m', memory: '256Mi' },
    priority: 'training',
    scaledBy: 'nobody',
    drainSeconds: 1,
  });
  const metadata = { name: NAME, labels: labelsOf(NAMED, site.dials.owner) };
  object(scope, 'node-role', 'rbac.authorization.k8s.io/v1 ClusterRole', {
    metadata,
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'] }],
  });
  object(scope, 'node-role-bound', 'rbac.authorization.k8s.io/v1 ClusterRoleBinding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
    subjects: [{ kind: 'ServiceAccount', ...SUBJECT }],
  });
  object(scope, 'node-bounds', 'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy', {
    metadata,
    spec: {
      failurePolicy: 'Fail',
      // With all that the API server would put in, as in policies/admission.ts, for its reason.
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['nodes'], scope: '*' }],
      },
      matchConditions: [
        {
          name: 'by-node-readiness',
          expression: `request.userInfo.username == 'system:serviceaccount:${SUBJECT.namespace}:${SUBJECT.name}'`,
        },
      ],
      validations: BOUNDS.map(({ expression, message }) => ({ expression, message, reason: 'Forbidden' })),
    },
  });
  object(scope, 'node-bounds-bound', 'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding', {
    metadata,
    spec: { policyName: NAME, validationActions: ['Deny'] },
  });
}

/** A field is the same as before, also where it is absent. */
const same = (...path: readonly string[]): string => {
  const at = path.map((key) => `.?${key}`).join('');
  return `object${at} == oldObject${at}`;
};

const BOUNDS = [
  {
    expression: `object.spec.?taints.orValue([]) == oldObject.spec.?taints.orValue([]).filter(taint, taint.key != '${DEVICE_PLUGIN_TAINT}')`,
    message: `It takes ${DEVICE_PLUGIN_TAINT} away, and changes no other taint.`,
  },
  {
    expression: [
      same('metadata', 'labels'),
      same('metadata', 'annotations'),
      same('metadata', 'finalizers'),
      same('metadata', 'ownerReferences'),
      same('spec', 'unschedulable'),
      same('spec', 'providerID'),
      same('spec', 'podCIDR'),
      same('spec', 'podCIDRs'),
      same('spec', 'configSource'),
      same('spec', 'externalID'),
    ].join(' && '),
    message: 'It changes nothing of a node but its taints.',
  },
] as const;
