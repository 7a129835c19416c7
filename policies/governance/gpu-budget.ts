import { GPU, MONTHLY_BUDGET, POOL, WATCHES } from '../../app/usecases/annotations.ts';
import { whole } from '../amounts.ts';
import { at, kindOf, ofKind, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { alertsOf } from '../serving-objects.ts';
import { violation } from '../violation.ts';

export const gpuBudget: StackRule = {
  id: 'F02',
  name: 'governance-gpu-budget',
  layer: 'governance',
  severity: 'mandatory',
  relaxedInDev: true,
  title: 'Each GPU pool has a ceiling, scales to zero, and has an alarm on its budget',
  control: ['FinOps: forecasting', 'MITRE ATLAS AML.T0034'],
  reason: 'One forgotten pool of GPUs costs more than all the rest.',
  remediation: 'Set `gpu.maxNodes` and `gpu.monthlyBudget` of the stack; the pool starts from zero and the alarm comes with it.',
  kinds: ['kubernetes:karpenter.sh/v1:NodePool', 'aws:eks/nodeGroup:NodeGroup', 'aws:budgets/budget:Budget'],
  checkStack: (resources) => gpuPools(resources).flatMap((pool) => [...bounded(pool), ...alarmed(resources, pool)]),
};

/** Pools of nodes that carry a GPU, Karpenter's or AWS's own. */
export const gpuPools = (resources: readonly Resource[]): readonly Resource[] =>
  resources.filter(
    (pool) =>
      (kindOf(pool) === 'NodePool' && at(pool, 'spec', 'template', 'metadata', 'labels', POOL) === 'gpu') ||
      (pool.type === 'aws:eks/nodeGroup:NodeGroup' && at(pool, 'labels', POOL) === 'gpu'),
  );

function bounded(pool: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) => violation(gpuBudget, pool, { property, found, expected });
  if (kindOf(pool) === 'NodeGroup') {
    const [least, most] = ['minSize', 'maxSize'].map((name) => at(pool, 'scalingConfig', name));
    return [
      ...(whole(least) === 0 ? [] : [fault('scalingConfig.minSize', least, '0')]),
      ...(whole(most) === undefined ? [fault('scalingConfig.maxSize', most, 'a whole number')] : []),
    ];
  }
  const [ceiling, after] = [at(pool, 'spec', 'limits', GPU), at(pool, 'spec', 'disruption', 'consolidateAfter')];
  return [
    ...(whole(ceiling) === undefined ? [fault(`spec.limits["${GPU}"]`, ceiling, 'a whole number of GPUs')] : []),
    ...(after === undefined || after === 'Never'
      ? [fault('spec.disruption.consolidateAfter', after, 'a duration, e.g. 2m')]
      : []),
  ];
}

/** The budget is AWS's own, or an alert that names the amount. */
function alarmed(resources: readonly Resource[], pool: Resource): readonly Violation[] {
  const budget = word(pool, MONTHLY_BUDGET);
  const onTag = ofKind(resources, 'Budget').filter(
    (one) => at(one, 'costFilters') !== undefined || at(one, 'costFilter') !== undefined,
  );
  const byAws = onTag.some((one) => budget === undefined || Number(at(one, 'limitAmount')) === Number(budget));
  const byAlert = alertsOf(resources).some(
    ({ labels, expr }) =>
      labels[WATCHES] === 'gpu-budget' && budget !== undefined && new RegExp(`\\b${whole(budget) ?? 'none'}\\b`).test(expr),
  );
  if (byAws || byAlert) return [];
  const expected = `an amount, and in the stack a budget on the pool's tag or an alert labelled ${WATCHES}: gpu-budget over that amount`;
  return [violation(gpuBudget, pool, { property: MONTHLY_BUDGET, found: budget, expected })];
}
