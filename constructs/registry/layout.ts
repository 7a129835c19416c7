import type { Construct } from 'constructs';
import { layoutWorkload } from '../../app/platform-workloads.ts';
import { job } from '../cluster/schedule.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 1_200;
/** The database and its users may be on their way still. */
const RETRIES = 6;

/**
 * Makes the registry's tables and says who may do what with each, as their owner, once for each image: workloads find the tables
 * there, and no workload's user may make or change one.
 */
export function layout(scope: Construct, site: Site): void {
  job(scope, {
    site,
    declaration: layoutWorkload,
    suffix: site.dials.image.slice(-10),
    resources: { cpu: '250m', memory: '512Mi' },
    priority: 'serving',
    deadlineSeconds: DEADLINE_SECONDS,
    retries: RETRIES,
  });
}
