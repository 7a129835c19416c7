import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { job } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import { viewHashes } from '../cluster/workload.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 21_600;
const SCRATCH = '8Gi';

/**
 * Fills the online store from the lake, once for each definition of the views: its name carries their hash, so that a changed
 * definition is a new run and an unchanged one is none.
 */
export function backfill(scope: Construct, site: Site, usecase: UseCase): void {
  const declaration = workloadsOf(usecase).find(({ layer, kind }) => layer === 'features' && kind === 'job');
  if (declaration === undefined) return;
  const definition = createHash('sha256')
    .update(JSON.stringify(viewHashes(usecase)))
    .digest('hex')
    .slice(0, 10);
  job(scope, {
    site,
    usecase,
    declaration,
    suffix: definition,
    resources: sizeOf(site, usecase.name, declaration, SCRATCH).resources,
    scratch: SCRATCH,
    priority: 'ingestion',
    deadlineSeconds: DEADLINE_SECONDS,
  });
}
