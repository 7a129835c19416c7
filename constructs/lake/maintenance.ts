import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import type { Site } from '../site.ts';

/** Files in writing, beside what is held in memory. */
const DISK = '4Gi';
const DEADLINE_SECONDS = { compact: 3_000, vacuum: 10_800 } as const;

/** The care of a use case's tables: small files joined each hour, files that no kept version needs deleted each night. */
export function maintenance(scope: Construct, site: Site, usecase: UseCase): void {
  for (const declaration of workloadsOf(usecase)) {
    if (declaration.layer !== 'lake' || declaration.kind !== 'schedule') continue;
    const vacuums = declaration.name === 'vacuum';
    cronJob(scope, {
      site,
      usecase,
      declaration,
      resources: sizeOf(site, usecase.name, declaration, DISK).resources,
      scratch: DISK,
      priority: 'training',
      deadlineSeconds: vacuums ? DEADLINE_SECONDS.vacuum : DEADLINE_SECONDS.compact,
      ...(vacuums && {
        args: ['--retention', usecase.retention],
        annotations: { [DATA.retention]: usecase.retention },
      }),
    });
  }
}
