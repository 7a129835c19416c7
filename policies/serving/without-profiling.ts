import { MAIN_PARAMETERS, MODEL_KIND, REQUEST_SCHEMAS } from '../../app/usecases/annotations.ts';
import { follow } from '../pods.ts';
import { serving, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { annotationPath, documentsNamed } from '../serving-objects.ts';
import { violation } from '../violation.ts';

/** Where a request says that nothing about the user is to be read. */
const SWITCH = ['properties', 'context', 'properties', 'profiling', 'type'] as const;

export const withoutProfiling: StackRule = {
  id: 'S11',
  name: 'serving-without-profiling',
  layer: 'serving',
  severity: 'mandatory',
  title: 'A recommender answers without profiling too, and states the main parameters of its ranking',
  control: ['DSA Art. 27', 'DSA Art. 38', 'GDPR Art. 21'],
  reason: 'A person may object to being profiled, and must still get an answer.',
  remediation: 'Keep `context.profiling` in the request schema and fill `mainParameters` of the use case.',
  kinds: ['kubernetes:apps/v1:Deployment', 'kubernetes:core/v1:ConfigMap'],
  checkStack: (resources) =>
    serving(resources)
      .filter((workload) => (word(workload, MODEL_KIND) ?? 'recommender') === 'recommender')
      .flatMap((workload) => check(resources, workload)),
};

function check(resources: readonly Resource[], workload: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(withoutProfiling, workload, { property, found, expected });
  const documents = documentsNamed(resources, workload, REQUEST_SCHEMAS);
  const parameters = word(workload, MAIN_PARAMETERS);
  const switched = Object.values(documents ?? {}).some(
    (schema) => follow({ value: schema, path: '' }, SWITCH).value === 'boolean',
  );
  return [
    // A ConfigMap that is not there at all is bounded-requests' to tell.
    ...(documents === undefined || switched
      ? []
      : [
          fault(
            annotationPath(REQUEST_SCHEMAS),
            word(workload, REQUEST_SCHEMAS),
            'a request schema with context.profiling, a boolean',
          ),
        ]),
    ...((parameters ?? '').trim() === ''
      ? [fault(annotationPath(MAIN_PARAMETERS), parameters, 'the main parameters in words')]
      : []),
  ];
}
