import { whole } from '../amounts.ts';
import { entries, follow, podSpec } from '../pods.ts';
import { at, serving } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { beside, fewestReplicas, selects } from '../serving-objects.ts';
import { violation } from '../violation.ts';

const ZONE = 'topology.kubernetes.io/zone';
const FEWEST = 3;

export const zonalReplicas: StackRule = {
  id: 'S01',
  name: 'serving-zonal-replicas',
  layer: 'serving',
  severity: 'mandatory',
  relaxedInDev: true,
  title: 'In production, three replicas or more, spread over zones, with a disruption budget below them',
  control: ['SOC 2 A1.2'],
  reason: 'When a zone is lost or a node is drained, the service must stay.',
  remediation: 'Leave the construct its defaults, or raise the minimum of `replicas`.',
  kinds: [
    'kubernetes:apps/v1:Deployment',
    'kubernetes:autoscaling/v2:HorizontalPodAutoscaler',
    'kubernetes:policy/v1:PodDisruptionBudget',
  ],
  checkStack: (resources, { environment }) =>
    environment === 'prod' ? serving(resources).flatMap((workload) => check(resources, workload)) : [],
};

function check(resources: readonly Resource[], workload: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(zonalReplicas, workload, { property, found, expected });
  const replicas = fewestReplicas(resources, workload);
  const spread = entries(follow(podSpec(workload.props), ['topologySpreadConstraints'])).some(
    ({ value }) => (value as Record<string, unknown>)['topologyKey'] === ZONE,
  );
  const budgets = beside(resources, workload, 'PodDisruptionBudget').filter((budget) =>
    selects(at(budget, 'spec', 'selector'), workload),
  );
  return [
    ...(replicas >= FEWEST
      ? []
      : [fault('spec.replicas', replicas, `${FEWEST} or more, by the autoscaler's minimum or replicas`)]),
    ...(spread ? [] : [fault('spec.template.spec.topologySpreadConstraints', undefined, `a constraint over ${ZONE}`)]),
    ...(budgets.length > 0 ? [] : [fault('', undefined, 'a PodDisruptionBudget that selects its pods')]),
    ...budgets.flatMap((budget) => tooStrict(budget, replicas)),
  ];
}

/** A budget that spares no pod stops every node from being drained. */
function tooStrict(budget: Resource, replicas: number): readonly Violation[] {
  const [least, most] = [at(budget, 'spec', 'minAvailable'), at(budget, 'spec', 'maxUnavailable')];
  const spares = least !== undefined ? (share(least, replicas) ?? replicas) < replicas : (share(most, replicas) ?? 0) > 0;
  if (spares) return [];
  const property = least !== undefined ? 'spec.minAvailable' : 'spec.maxUnavailable';
  return [violation(zonalReplicas, budget, { property, found: least ?? most, expected: `one that spares a pod of ${replicas}` })];
}

/** A number of pods, from a number or a percentage, rounded up as Kubernetes does. */
function share(value: unknown, of: number): number | undefined {
  const percent = /^(\d+)%$/.exec(String(value));
  return percent === null ? whole(value) : Math.ceil((Number(percent[1]) * of) / 100);
}
