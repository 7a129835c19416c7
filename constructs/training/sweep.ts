import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 1_800;

/** Each morning, what a training that died over a day ago left in the object store goes. One that still writes is ended by its deadline long before. */
export function sweep(scope: Construct, site: Site, usecase: UseCase): void {
  const declaration = workloadsOf(usecase).find(({ layer, name }) => layer === 'training' && name === 'sweep');
  if (declaration === undefined) return;
  cronJob(scope, {
    site,
    usecase,
    declaration,
    network: 'layer',
    resources: sizeOf(site, usecase.name, declaration).resources,
    priority: 'training',
    deadlineSeconds: DEADLINE_SECONDS,
  });
}
