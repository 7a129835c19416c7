import { GPU, MONTHLY_BUDGET } from '../../app/usecases/annotations.ts';
import { altered, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { gpuAlerts, gpuNodeGroup, gpuPool } from '../gpu-samples.ts';
import { aws } from '../samples.ts';

const budget = aws('budgets/budget:Budget', 'gpu', {
  budgetType: 'COST',
  limitAmount: '4000',
  limitUnit: 'USD',
  costFilters: [{ name: 'TagKeyValue', values: ['user:millrace.dev/cost$prod-gpu'] }],
});
const noBudgetAlert = altered(gpuAlerts, [['spec', 'groups', 0, 'rules', 1], undefined]);
const pool = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: [altered(gpuPool, ...changes), gpuAlerts],
});
const group = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: [altered(gpuNodeGroup, ...changes), gpuAlerts],
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'a pool of Karpenter with an alert', resources: [gpuPool, gpuAlerts] },
    { title: 'a group of AWS with a budget on its tag', resources: [gpuNodeGroup, noBudgetAlert, budget] },
  ],
  violating: [
    pool('no ceiling', [['spec', 'limits', GPU], undefined]),
    pool('never emptied', [['spec', 'disruption', 'consolidateAfter'], 'Never']),
    pool('no amount', [['metadata', 'annotations', MONTHLY_BUDGET], undefined]),
    pool('an alert over another amount', [['metadata', 'annotations', MONTHLY_BUDGET], '400']),
    { title: 'no alarm', resources: [gpuPool, noBudgetAlert] },
    group('one node always there', [['scalingConfig', 'minSize'], 1]),
    {
      title: 'a budget on no tag',
      resources: [gpuNodeGroup, noBudgetAlert, altered(budget, [['costFilters'], undefined])],
    },
  ],
};
