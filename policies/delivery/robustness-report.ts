import { MODEL } from '../../app/usecases/model-annotations.ts';
import { list } from '../amounts.ts';
import { containersIn, layerOf, ofKind, serving, usecaseOf, word, wordPath } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { isSuspended, longestGapDays, schedulesOf } from '../schedule.ts';
import { servedUnits } from '../served-unit.ts';
import { violation } from '../violation.ts';

const DAYS = 30;
const DAY_MICROS = 86_400_000_000;
const TRIED = ['extraction', 'fuzz', 'poisoning'];

export const robustnessReport: StackRule = {
  id: 'M11',
  name: 'delivery-robustness-report',
  layer: 'delivery',
  severity: 'mandatory',
  title: 'A robustness report (poisoning, extraction, fuzz) is attached, and not older than 30 days',
  control: ['EU AI Act Art. 15(5)', 'NIST AI RMF MEASURE 2.7'],
  reason: 'Adversarial testing is a promise that has to be kept again and again.',
  remediation: 'Schedule `RobustnessRun` for the use case, and write a new snapshot of the registry after it ran.',
  kinds: ['kubernetes:*'],
  checkStack: (resources, context) => [
    ...serving(resources).flatMap((deployment) => scheduled(deployment, resources)),
    ...reported(resources, context),
  ],
};

function scheduled(deployment: Resource, resources: readonly Resource[]): readonly Violation[] {
  const usecase = usecaseOf(deployment);
  const fault = (resource: Resource, property: string, found: unknown, expected: string) =>
    violation(robustnessReport, resource, { property, found, expected });
  const runs = ofKind(resources, 'CronJob', 'CronWorkflow').filter(
    (run) => layerOf(run) === 'delivery' && usecaseOf(run) === usecase && word(run, MODEL.robustness) !== undefined,
  );
  if (runs.length === 0)
    return [
      fault(
        deployment,
        '',
        'a served model that nothing attacks',
        `a schedule of layer delivery of ${usecase} with ${MODEL.robustness}`,
      ),
    ];
  return runs.flatMap((run) => {
    const text = word(run, MODEL.robustness);
    const schedules = schedulesOf(run);
    const often = schedules.some(({ cron }) => (longestGapDays(cron) ?? Number.POSITIVE_INFINITY) <= DAYS);
    const [container] = containersIn(run);
    return [
      ...(TRIED.every((attack) => list(text).includes(attack))
        ? []
        : [fault(run, wordPath(run, MODEL.robustness), text, TRIED.join(','))]),
      ...(isSuspended(run) ? [fault(run, 'spec.suspend', true, 'a schedule that runs')] : []),
      ...(often
        ? []
        : [
            fault(
              run,
              schedules[0]?.path ?? 'spec.schedule',
              schedules.map(({ cron }) => cron).join('; '),
              `a cron text with at most ${DAYS} days from one run to the next`,
            ),
          ]),
      ...(container?.words.includes('delivery') === true
        ? []
        : [fault(run, `${container?.path ?? 'spec'}.args`, container?.words.join(' '), '`millrace delivery …`')]),
    ];
  });
}

/** What the snapshot knows of the last run. */
const reported = (resources: readonly Resource[], context: Context): readonly Violation[] =>
  servedUnits(resources, context).flatMap(({ deployment, unit, property }) => {
    const fault = (found: string, expected: string) => [violation(robustnessReport, deployment, { property, found, expected })];
    const { robustness } = unit;
    if (robustness === null) return fault('a release that nothing attacked', 'a robustness report');
    const missing = TRIED.filter((attack) => !robustness.tried.includes(attack));
    if (missing.length > 0) return fault(`a report without ${missing.join(', ')}`, `a report on ${TRIED.join(', ')}`);
    if (!robustness.passed) return fault('a release that an attack broke', 'a report that passed');
    const days = (context.now.getTime() * 1_000 - robustness.at) / DAY_MICROS;
    return days <= DAYS ? [] : fault(`a report ${Math.floor(days)} days old`, `${DAYS} days at most`);
  });
