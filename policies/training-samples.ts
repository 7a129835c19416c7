import { CHECKPOINT, MAX_TRIALS, SETTING } from '../app/usecases/annotations.ts';
import { DATA } from '../app/usecases/data-annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../app/usecases/model-annotations.ts';
import { settingChange } from './alteration.ts';
import type { Resource } from './rule.ts';
import { container, type Workload, workload } from './samples.ts';

/** A workload of the sample use case. */
export const ofRetail = (name: string, layer: string): Workload => ({ name, layer, usecase: 'retail' });

export const env = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

/** What every workload with features says of them. */
export const HASH = 'c'.repeat(64);
export const VIEWS = `taste=${HASH}`;

/** The nightly training, in any of the forms that a run takes. */
export const training = (form: 'Job' | 'CronJob' | 'CronWorkflow'): Resource =>
  workload(
    form,
    ofRetail('retrain', 'training'),
    {
      containers: [
        container({
          args: ['training', 'run'],
          env: env({
            [MODEL_ENVIRONMENT.seed]: '7',
            [MODEL_ENVIRONMENT.codeCommit]: 'd'.repeat(40),
            [MODEL_ENVIRONMENT.dataSnapshot]: 'at-start',
            [SETTING.checkpoint]: 'checkpoints/retail/',
            [SETTING.maxTrials]: '12',
          }),
        }),
      ],
    },
    {
      [CHECKPOINT]: 'checkpoints/retail/',
      [MAX_TRIALS]: '12',
      [DATA.featureViews]: VIEWS,
      [MODEL.minSupport]: 'taste=3',
    },
  );

/** What sweeps up behind trainings: nothing of it is pinned, and it has no checkpoint. */
export const sweep: Resource = workload(
  'CronJob',
  ofRetail('sweep', 'training'),
  { containers: [container({ args: ['training', 'sweep'] })] },
  { [DATA.featureViews]: VIEWS },
);

/** Where the training's CronJob keeps its container. */
export const TRAINER = ['spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0] as const;

/** The same of the training's CronJob. */
export const trainingSettingOf = settingChange(training('CronJob'), TRAINER);
