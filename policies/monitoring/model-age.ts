import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alertsOf, threshold } from '../alerts.ts';
import { whole } from '../amounts.ts';
import { containersIn, layerOf, ofKind, runs, serving, usecaseOf, word, wordPath } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { isConditional, isSuspended, longestGapDays, schedulesOf } from '../schedule.ts';
import { violation } from '../violation.ts';

const DAY_SECONDS = 86_400;

export const modelAge: StackRule = {
  id: 'M09',
  name: 'monitoring-model-age',
  layer: 'monitoring',
  severity: 'mandatory',
  title: 'A model has an age limit: a retraining schedule and a stale alert within it',
  control: ['NIST AI RMF MANAGE 4.1'],
  reason: 'Otherwise it answers with last year’s taste.',
  remediation: 'Set `maxAgeDays`; the training schedule and the alert must lie within it.',
  kinds: ['kubernetes:*'],
  checkStack: (resources, context) => serving(resources).flatMap((deployment) => judge(deployment, resources, context)),
};

function judge(deployment: Resource, resources: readonly Resource[], { config }: Context): readonly Violation[] {
  const usecase = usecaseOf(deployment);
  const limit = whole(word(deployment, MODEL.maxAgeDays));
  const fault = (resource: Resource, property: string, found: unknown, expected: string) =>
    violation(modelAge, resource, { property, found, expected });
  if (limit === undefined || limit < 1 || limit > config.modelAgeDays)
    return [
      fault(
        deployment,
        wordPath(deployment, MODEL.maxAgeDays),
        word(deployment, MODEL.maxAgeDays),
        `1 to ${config.modelAgeDays}`,
      ),
    ];
  const trainings = ofKind(resources, 'CronWorkflow', 'CronJob').filter(
    (schedule) =>
      layerOf(schedule) === 'training' &&
      usecaseOf(schedule) === usecase &&
      // What trains when a drift wants it may not train for a year.
      !isConditional(schedule) &&
      containersIn(schedule).some((container) => runs(container, 'training', 'run')),
  );
  const stale = alertsOf(resources).filter((alert) => alert.usecase === usecase && alert.labels['monitor'] === 'stale');
  return [
    ...(trainings.length === 0
      ? [fault(deployment, '', 'a served model that no schedule trains again', `a CronWorkflow of layer training of ${usecase}`)]
      : []),
    ...trainings.flatMap((training) => ofSchedule(training, limit)),
    ...(stale.length === 0
      ? [
          fault(
            deployment,
            '',
            'a served model without a stale alert',
            `a PrometheusRule of ${usecase} with an alert labelled monitor: stale`,
          ),
        ]
      : []),
    ...stale
      .filter(({ expression }) => (threshold(expression) ?? Number.POSITIVE_INFINITY) > limit * DAY_SECONDS)
      .map(({ rule, path, expression }) =>
        fault(rule, `${path}.expr`, expression, `an age compared with at most ${limit * DAY_SECONDS} seconds`),
      ),
  ];
}

function ofSchedule(training: Resource, limit: number): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(modelAge, training, { property, found, expected });
  if (isSuspended(training)) return [fault('spec.suspend', true, 'a schedule that runs')];
  const schedules = schedulesOf(training);
  const often = schedules.some(({ cron }) => (longestGapDays(cron) ?? Number.POSITIVE_INFINITY) <= limit);
  if (often) return [];
  return [
    fault(
      schedules[0]?.path ?? 'spec.schedule',
      schedules.map(({ cron }) => cron).join('; '),
      `a cron text with at most ${limit} days from one run to the next`,
    ),
  ];
}
