import type { Construct } from 'constructs';
import { auditWorkload } from '../../app/platform-workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 3_600;

/** Each night the whole chain of acts is verified against its signed checkpoints in the second place; a break fails the run. */
export function auditCheck(scope: Construct, site: Site): void {
  cronJob(scope, {
    site,
    declaration: auditWorkload,
    resources: { cpu: '250m', memory: '512Mi', disk: '1Gi' },
    priority: 'ingestion',
    deadlineSeconds: DEADLINE_SECONDS,
    retries: 1,
  });
}
