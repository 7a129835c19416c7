import { PREDICTION_FIELDS, PREDICTION_LOG, PREDICTION_RETENTION_DAYS } from '../../app/usecases/annotations.ts';
import { list, whole } from '../amounts.ts';
import { at, containersIn, objectName, ofKind, runs, serving, usecaseOf, word, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { annotationPath } from '../serving-objects.ts';
import { topicsOf } from '../topics.ts';
import { violation } from '../violation.ts';

/** What traces an answer: the request, the release that gave it, the features it saw, and whose they were (a pseudonym). */
const FIELDS = ['request_id', 'unit_id', 'features', 'user_id'];
/** EU AI Act, Article 19: at least six months. */
const FEWEST_DAYS = 180;

export const predictionLog: StackRule = {
  id: 'S07',
  name: 'serving-prediction-log',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Every prediction is logged with its request, release and features, and kept for 180 days or more',
  control: ['EU AI Act Art. 12', 'EU AI Act Art. 19', 'ISO 42001 A.6.2.8'],
  reason: 'An answer that cannot be traced cannot be explained or contested.',
  remediation: 'Set `predictionLog:` of the service; its topic and its sink into the lake come with it.',
  kinds: ['kubernetes:apps/v1:Deployment', 'kubernetes:kafka.strimzi.io/*'],
  checkStack: (resources) => serving(resources).flatMap((workload) => check(resources, workload)),
};

function check(resources: readonly Resource[], workload: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(predictionLog, workload, { property, found, expected });
  const [topic, fields, days] = [PREDICTION_LOG, PREDICTION_FIELDS, PREDICTION_RETENTION_DAYS].map((key) => word(workload, key));
  const missing = FIELDS.filter((field) => !list(fields).includes(field));
  const sunk = workloads(resources, 'lake').some(
    (sink) => usecaseOf(sink) === usecaseOf(workload) && containersIn(sink).some((container) => runs(container, 'lake', 'sink')),
  );
  return [
    ...(topicIsThere(resources, topic)
      ? []
      : [fault(annotationPath(PREDICTION_LOG), topic, 'the name of a topic of this stack')]),
    ...(sunk ? [] : [fault('', undefined, 'a workload of its use case that runs `millrace lake sink`')]),
    ...(missing.length === 0 ? [] : [fault(annotationPath(PREDICTION_FIELDS), fields, `also ${missing.join(', ')}`)]),
    ...((whole(days) ?? 0) >= FEWEST_DAYS
      ? []
      : [fault(annotationPath(PREDICTION_RETENTION_DAYS), days, `${FEWEST_DAYS} days or more`)]),
  ];
}

/** Whatever its broker is: an object, a resource of the cloud, or a line of the list that a run makes. */
const topicIsThere = (resources: readonly Resource[], topic: string | undefined): boolean =>
  topic !== undefined &&
  [
    ...ofKind(resources, 'Topic').map(objectName),
    ...topicsOf(resources).map((one) => String(at(one, 'spec', 'topicName') ?? objectName(one))),
  ].includes(topic);
