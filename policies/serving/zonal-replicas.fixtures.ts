import { alteredIn, type Change, without } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { kubernetes } from '../samples.ts';
import { useCase } from '../usecase-samples.ts';

const changed = (title: string, name: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, name, ...changes),
});
const byKeda = kubernetes('keda.sh/v1alpha1:ScaledObject', 'scaler', {
  metadata: { namespace: 'millrace-serving' },
  spec: { scaleTargetRef: { name: 'serving' }, minReplicaCount: 3 },
});
const MIN_AVAILABLE = ['spec', 'minAvailable'] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'three, spread, with a budget of two', resources: useCase },
    { title: 'scaled by KEDA from three', resources: [...without(useCase, 'autoscaler'), byKeda] },
    {
      title: 'three without an autoscaler',
      resources: alteredIn(without(useCase, 'autoscaler'), 'serving', [['spec', 'replicas'], 3]),
    },
    changed('a budget in per cent', 'budget', [MIN_AVAILABLE, '50%']),
    {
      title: 'one replica outside of production',
      environment: 'staging',
      resources: alteredIn(useCase, 'autoscaler', [['spec', 'minReplicas'], 1]),
    },
  ],
  violating: [
    changed('two replicas', 'autoscaler', [['spec', 'minReplicas'], 2], [['spec', 'maxReplicas'], 4]),
    { title: 'no autoscaler and no count', resources: without(useCase, 'autoscaler') },
    { title: 'no budget', resources: without(useCase, 'budget') },
    changed('a budget of other pods', 'budget', [['spec', 'selector', 'matchLabels', 'app.kubernetes.io/name'], 'other']),
    changed('a budget that spares none', 'budget', [MIN_AVAILABLE, 3]),
    changed('a budget of all in per cent', 'budget', [MIN_AVAILABLE, '100%']),
    changed('not spread over zones', 'serving', [
      ['spec', 'template', 'spec', 'topologySpreadConstraints', 0, 'topologyKey'],
      'kubernetes.io/hostname',
    ]),
  ],
};
