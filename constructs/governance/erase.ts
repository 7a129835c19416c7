import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { cronJob } from '../cluster/schedule.ts';
import { sizeOf } from '../cluster/size.ts';
import type { Site } from '../site.ts';

const DEADLINE_SECONDS = 3_600;
/** The one file of that Secret. */
export const FILE = 'id';

/** The Secret by which an id is handed to a run that erases: made by who asks, taken away after, and shown in no list of runs. */
export const subjectSecret = (usecase: string): string => `${usecase}-erase-subject`;

/** What the erasures of persons are started from. */
export function erase(scope: Construct, site: Site, usecase: UseCase): void {
  const declaration = workloadsOf(usecase).find(({ layer, name }) => layer === 'governance' && name === 'erase');
  if (declaration === undefined) return;
  const secret = subjectSecret(usecase.name);
  cronJob(scope, {
    site,
    usecase,
    declaration,
    resources: sizeOf(site, usecase.name, declaration).resources,
    args: ['--subject-file', `/run/secrets/${secret}/${FILE}`],
    secrets: [secret],
    priority: 'ingestion',
    deadlineSeconds: DEADLINE_SECONDS,
    // One that fails is asked for again by whoever asked: it goes on where it stopped.
    retries: 0,
  });
}
