import { CHECKPOINT, SETTING } from '../../app/usecases/annotations.ts';
import { altered, alteredIn, type Change, settingChange } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { sweep, training } from '../training-samples.ts';
import { useCase } from '../usecase-samples.ts';

type Run = Parameters<typeof training>[0];
const RUNS: readonly Run[] = ['Job', 'CronJob', 'CronWorkflow'];
const among = (form: Run) => useCase.map((resource) => (resource.name === 'retrain' ? training(form) : resource));
/** Where each form keeps its bounds and its container. */
const SPEC: Readonly<Record<Run, readonly string[]>> = {
  Job: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec'],
  CronWorkflow: ['spec', 'workflowSpec'],
};
const POD: Readonly<Record<Run, readonly (string | number)[]>> = {
  Job: ['template', 'spec', 'containers', 0],
  CronJob: ['template', 'spec', 'containers', 0],
  CronWorkflow: ['templates', 0, 'container'],
};
const RETRIES: Readonly<Record<Run, readonly (string | number)[]>> = {
  Job: ['backoffLimit'],
  CronJob: ['backoffLimit'],
  CronWorkflow: ['templates', 0, 'retryStrategy'],
};
const DEADLINE = 'activeDeadlineSeconds';
const changed = (form: Run, title: string, ...changes: readonly Change[]): Fixture => ({
  title: `${form}: ${title}`,
  resources: alteredIn(among(form), 'retrain', ...changes),
});
/** Another address of the checkpoint in the container's settings. */
const elsewhere = (form: Run): Change =>
  settingChange(training(form), [...SPEC[form], ...POD[form]])(SETTING.checkpoint, 'elsewhere/');

/** A use case whose training is a Job alone has no schedule, which another rule refuses. */
const SCHEDULED = RUNS.filter((form) => form !== 'Job');

export const fixtures: Fixtures = {
  passing: [
    ...SCHEDULED.map((form) => ({ title: `${form}: bounded`, resources: among(form) })),
    { title: 'a sweep without a checkpoint, beside the training', resources: [...useCase, sweep] },
  ],
  violating: [
    ...SCHEDULED.flatMap((form) => [
      changed(form, 'no deadline', [[...SPEC[form], DEADLINE], undefined]),
      changed(form, 'no back-off limit', [[...SPEC[form], ...RETRIES[form]], undefined]),
      changed(form, 'no checkpoint', [['metadata', 'annotations', CHECKPOINT], undefined]),
      changed(form, 'a checkpoint that the container does not write to', elsewhere(form)),
    ]),
    {
      title: 'a sweep without a deadline',
      resources: [...useCase, altered(sweep, [[...SPEC.CronJob, DEADLINE], undefined])],
    },
  ],
};
