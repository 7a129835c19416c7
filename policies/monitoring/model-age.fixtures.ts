import { MODEL } from '../../app/usecases/model-annotations.ts';
import { altered, alteredIn } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { alertAt } from '../model-alerts.ts';
import { model } from '../model-samples.ts';
import { TRAINER, training } from '../training-samples.ts';

const age = (days: string | undefined) => alteredIn(model, 'serving', [['metadata', 'annotations', MODEL.maxAgeDays], days]);
const cron = (schedule: string) => alteredIn(model, 'retrain', [['spec', 'schedule'], schedule]);
const stale = (expr: string) => alteredIn(model, 'retail', [[...alertAt(model, 'stale'), 'expr'], expr]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'nightly, stale after a week', resources: model },
    { title: 'weekly', resources: cron('0 3 * * 0') },
    { title: 'a product of numbers', resources: stale('millrace_model_age_seconds > 86400 * 7') },
  ],
  violating: [
    { title: 'no limit', resources: age(undefined) },
    { title: 'a limit of a year', resources: age('365') },
    { title: 'monthly', resources: cron('0 3 1 * *') },
    { title: 'never', resources: cron('0 3 30 2 *') },
    { title: 'a schedule that is none', resources: cron('at night') },
    {
      title: 'a schedule of training that only sweeps',
      resources: alteredIn(model, 'retrain', [
        [...TRAINER, 'args'],
        ['training', 'sweep'],
      ]),
    },
    {
      title: 'a training that waits for a drift',
      resources: model.map((one) =>
        one.name === 'retrain'
          ? altered(
              training('CronWorkflow'),
              [['metadata'], one.props['metadata']],
              [
                ['spec', 'workflowSpec', 'templates', 1],
                { name: 'entry', steps: [[{ name: 'train', template: 'main', when: '{{steps.due.outputs.result}} == true' }]] },
              ],
            )
          : one,
      ),
    },
    { title: 'suspended', resources: alteredIn(model, 'retrain', [['spec', 'suspend'], true]) },
    { title: 'no stale alert', resources: alteredIn(model, 'retail', [alertAt(model, 'stale'), undefined]) },
    { title: 'a stale alert after a month', resources: stale('millrace_model_age_seconds > 2592000') },
  ],
};
