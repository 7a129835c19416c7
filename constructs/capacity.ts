import type { UseCase } from '../app/usecases/usecase.ts';
import { costOf } from './capacity/cost.ts';
import { checkLoad } from './capacity/load.ts';
import { nodesOf, platformPods } from './capacity/nodes.ts';
import type { Bounds, CapacityPlan, Load, UseCasePlan } from './capacity/plan.ts';
import { storesOf } from './capacity/platform.ts';
import { podsOf } from './capacity/pods.ts';

export { DEFAULT_LOAD } from './capacity/load.ts';
export type * from './capacity/plan.ts';

/**
 * What an environment needs, from its use cases and its load alone: partitions, replicas, memory, disks, nodes and cost, each
 * with its reasoning. More load never means less of anything. Service times and sizes are those of
 * `capacity/service-times.json`, measured by `bench/service-times.ts`. @throws MR_CAPACITY_LOAD_INVALID
 */
export function planCapacity(usecases: readonly UseCase[], load: Load, bounds: Bounds): CapacityPlan {
  checkLoad(load);
  const pods = usecases.map((usecase) => podsOf(usecase, load, bounds));
  const stores = storesOf(pods, load, bounds);
  const nodes = nodesOf(pods, platformPods(stores, bounds), bounds);
  const platform = { ...stores, nodes };
  return {
    load,
    bounds,
    usecases: Object.fromEntries(
      usecases.map(({ name }, index): [string, UseCasePlan] => {
        const { traffic, ...plan } = pods[index] as (typeof pods)[number];
        const { peakEvents, peakRequests, logGrowth, lakeGrowth, onlineRows } = traffic;
        return [name, { name, peakEvents, peakRequests, ...plan, logGrowth, lakeGrowth, onlineRows }];
      }),
    ),
    platform: { ...platform, monthlyCost: costOf(platform, bounds) },
  };
}
