import type { WorkloadDeclaration } from '../../app/workloads.ts';
import type { Compute, WorkloadPlan } from '../capacity.ts';
import type { Site } from '../site.ts';
import type { Resources } from './pod.ts';

/** What a plan says one pod asks for, as Kubernetes writes it. */
export const resourcesOf = ({ cpu, memory }: Compute, disk?: string): Resources => ({
  cpu: `${cpu.value}m`,
  memory: `${memory.value}Mi`,
  ...(disk !== undefined && { disk }),
});

export interface Size {
  readonly resources: Resources;
  readonly min: number;
  readonly max: number;
}

/** The size of one declared workload of a use case. @throws RangeError where the plan has no such workload */
export function sizeOf(site: Site, usecase: string, { name }: Pick<WorkloadDeclaration, 'name'>, disk?: string): Size {
  const plan: WorkloadPlan | undefined = site.plan.usecases[usecase]?.workloads[name];
  if (plan === undefined) throw new RangeError(`The plan has no workload '${name}' of '${usecase}'; plan it with planCapacity`);
  return { resources: resourcesOf(plan, disk), min: plan.replicas.min.value, max: plan.replicas.max.value };
}
