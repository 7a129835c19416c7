import { CHECKPOINT, LAYER, SETTING } from '../../app/usecases/annotations.ts';
import {
  type Amount,
  all,
  allContainers,
  annotation,
  any,
  compare,
  equals,
  type Field,
  implies,
  number,
  object,
  oneOf,
  type Predicate,
  pod,
  podMetadata,
  present,
  said,
  same,
  some,
} from '../expression.ts';
import { objectRule } from '../object-rule.ts';
import { trains } from '../trains.ts';

const JOB = object.at('spec');
const CRON_JOB = object.at('spec', 'jobTemplate', 'spec');
const kind = (...names: readonly string[]): Predicate => oneOf(object.at('kind'), names);
const positive = (field: Field): Predicate => compare(number(field, 0), '>=', 1);
const given = (field: Field): Amount => number(field, -1);

const WORKFLOWS = ['Workflow', 'CronWorkflow', 'WorkflowTemplate'];
const fewRetries = (limit: Field): Predicate => all(compare(given(limit), '>=', 0), compare(given(limit), '<=', 5));

const deadline = all(
  implies(kind('Job'), positive(JOB.at('activeDeadlineSeconds'))),
  implies(kind('CronJob'), positive(CRON_JOB.at('activeDeadlineSeconds'))),
  implies(kind(...WORKFLOWS), positive(pod.at('activeDeadlineSeconds'))),
);
/** Kubernetes' own limit is 6; an absent one was not thought about. */
const backOff = all(
  implies(kind('Job'), fewRetries(JOB.at('backoffLimit'))),
  implies(kind('CronJob'), fewRetries(CRON_JOB.at('backoffLimit'))),
  implies(
    kind(...WORKFLOWS),
    any(
      present(pod.at('templateDefaults', 'retryStrategy', 'limit')),
      some(pod.at('templates'), (template) => present(template.at('retryStrategy', 'limit'))),
    ),
  ),
);
const checkpoint = some(allContainers, (container) =>
  some(container.at('env'), (entry) =>
    all(equals(entry.at('name'), SETTING.checkpoint), same(entry.at('value'), annotation(CHECKPOINT))),
  ),
);
const training = any(
  equals(object.at('metadata', 'labels', LAYER), 'training'),
  equals(podMetadata.at('labels', LAYER), 'training'),
);

export const boundedRun = objectRule({
  id: 'K12',
  name: 'training-bounded-run',
  layer: 'training',
  severity: 'mandatory',
  title: 'Training has a deadline, a back-off limit and a checkpoint',
  control: ['SRE: capacity', 'FinOps: usage optimization'],
  reason: 'A job that never ends burns a GPU for weeks; one without a checkpoint loses the night it was evicted in.',
  remediation: `Set the deadline, the retries and \`checkpoint:\` of the training; ${CHECKPOINT} equals ${SETTING.checkpoint} of its container.`,
  kinds: [
    'kubernetes:batch/v1:Job',
    'kubernetes:batch/v1:CronJob',
    'kubernetes:argoproj.io/v1alpha1:Workflow',
    'kubernetes:argoproj.io/v1alpha1:CronWorkflow',
    'kubernetes:argoproj.io/v1alpha1:WorkflowTemplate',
  ],
  object: () =>
    implies(
      training,
      all(
        said('a deadline in seconds', deadline),
        said('a back-off limit from 0 to 5', backOff),
        implies(trains, said(`${SETTING.checkpoint} of a container, equal to the annotation ${CHECKPOINT}`, checkpoint)),
      ),
    ),
});
