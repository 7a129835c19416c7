import type { Construct } from 'constructs';
import { tablesWorkload } from '../../app/platform-workloads.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { cronJob } from '../cluster/schedule.ts';
import type { Site } from '../site.ts';
import { COORDINATOR, HTTPS, hostOf, MOUNTED, memberEndpoint } from './warehouse-files.ts';

const DEADLINE_SECONDS = 600;

/** A table comes with its first row: each hour those that came are made known to the warehouse, where it runs in this cluster. */
export function warehouseTables(scope: Construct, site: Site, usecase: UseCase): void {
  const { dials } = site;
  if (dials.providers.warehouse !== 'trino' || dials.objects === undefined) return;
  cronJob(scope, {
    site,
    usecase,
    declaration: tablesWorkload,
    resources: { cpu: '100m', memory: '256Mi' },
    priority: 'training',
    deadlineSeconds: DEADLINE_SECONDS,
    reaches: [memberEndpoint(COORDINATOR)],
    secrets: [MOUNTED.tables],
    authorities: [MOUNTED.certificate],
    env: {
      MILLRACE_WAREHOUSE_URL: `https://${hostOf(COORDINATOR)}:${HTTPS}`,
      MILLRACE_WAREHOUSE_CA_FILE: `/run/secrets/${MOUNTED.certificate}/ca.crt`,
      MILLRACE_WAREHOUSE_KEY_FILE: `/run/secrets/${MOUNTED.tables}/password`,
      // Where tables are; it opens none of them.
      MILLRACE_OBJECTS_BUCKET: dials.objects.bucket,
    },
  });
}
