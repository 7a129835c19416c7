import type { Construct } from 'constructs';
import { admissionsOf } from '../../policies/admission.ts';
import { RULES } from '../../policies/catalogue.ts';
import { admissionContextOf } from '../../policies/context.ts';
import { OPERATOR_CHARTS } from '../cluster/operator-charts.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import type { Site } from '../site.ts';

/** Karpenter's is the cluster's own, where an exemption would take in every controller. */
const OPERATORS = [...new Set(Object.values(OPERATOR_CHARTS).map(({ namespace }) => namespace))]
  .filter((namespace) => namespace !== 'kube-system')
  .sort();

/**
 * The policy pack's rules on single objects, which the API server holds everyone to, whoever writes: what `kubectl` or another
 * program changes is judged as a preview is. Needs Kubernetes 1.30.
 */
export function admission(scope: Construct, { dials }: Site): void {
  const { environment: stack, policies, owner } = dials;
  const context = admissionContextOf({ stack, ...(policies !== undefined && { policies }) });
  for (const { policy, binding } of admissionsOf(RULES, context, OPERATORS)) {
    const { name } = policy.metadata;
    const labels = { ...labelsOf({ name, layer: 'governance' }, owner), ...policy.metadata.labels };
    const metadata = { name, labels };
    object(scope, name, 'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy', { metadata, spec: policy.spec });
    object(scope, `${name}-binding`, 'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding', {
      metadata,
      spec: binding.spec,
    });
  }
}
