import { BELONGS, GPU, PLATFORM } from '../../app/usecases/annotations.ts';
import { whole } from '../amounts.ts';
import { at, namespaceName, objectName, ofKind, word } from '../read.ts';
import type { StackRule } from '../rule.ts';
import { violation } from '../violation.ts';

const HARD = `requests.${GPU}`;

export const gpuQuota: StackRule = {
  id: 'K10',
  name: 'training-gpu-quota',
  layer: 'training',
  severity: 'mandatory',
  relaxedInDev: true,
  title: 'Each namespace has a quota on GPUs, none included',
  control: ['FinOps: budgeting', 'NIST AI RMF MAP'],
  reason: 'One experiment takes every GPU, and the nightly retraining starves.',
  remediation: `Set \`gpu.quota\` of the stack; the namespaces construct writes ${HARD} into each ResourceQuota.`,
  kinds: ['kubernetes:core/v1:Namespace', 'kubernetes:core/v1:ResourceQuota'],
  checkStack: (resources) =>
    ofKind(resources, 'Namespace')
      .filter((namespace) => word(namespace, BELONGS) === PLATFORM)
      .flatMap((namespace) => {
        const quotas = ofKind(resources, 'ResourceQuota').filter((quota) => namespaceName(quota) === objectName(namespace));
        if (quotas.some((quota) => whole(at(quota, 'spec', 'hard', HARD)) !== undefined)) return [];
        const [quota] = quotas;
        const expected = `a ResourceQuota that bounds ${HARD} by a whole number`;
        return quota === undefined
          ? [violation(gpuQuota, namespace, { property: '', found: undefined, expected })]
          : [violation(gpuQuota, quota, { property: `spec.hard["${HARD}"]`, found: at(quota, 'spec', 'hard', HARD), expected })];
      }),
};
