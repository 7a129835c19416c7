import { LAYER, PRIORITIES } from '../../app/usecases/annotations.ts';
import { all, any, equals, implies, matches, oneOf, pod, podMetadata, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectAndStackRule } from '../object-rule.ts';
import { at, objectName, ofKind } from '../read.ts';
import { violation } from '../violation.ts';

const RULE = { id: 'K11', remediation: 'Set `priority:` of the workload: serving, ingestion or training.' } as const;
const PRIORITY = pod.at('priorityClassName');
/** Argo's workflows give their pods' class another name. */
const OF_WORKFLOW = pod.at('podPriorityClassName');
const isPriority = (name: string) => any(equals(PRIORITY, name), equals(OF_WORKFLOW, name));
const ofLayer = (layer: string) => equals(podMetadata.at('labels', LAYER), layer);

export const priorityOrder = objectAndStackRule({
  ...RULE,
  name: 'governance-priority-order',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Serving outranks ingestion, and ingestion training',
  control: ['SRE: graceful degradation'],
  reason: 'When nodes run short, the training must go first and the answer to a user last.',
  kinds: WORKLOAD_KINDS,
  object: () =>
    all(
      said(
        `one of ${PRIORITIES.join(', ')}, or a system class`,
        any(oneOf(PRIORITY, PRIORITIES), oneOf(OF_WORKFLOW, PRIORITIES), matches(PRIORITY, /^system-(node|cluster)-critical$/)),
      ),
      implies(ofLayer('serving'), isPriority('millrace-serving')),
      implies(ofLayer('training'), isPriority('millrace-training')),
    ),
  checkStack: (resources) => {
    const classes = PRIORITIES.flatMap((name) =>
      ofKind(resources, 'PriorityClass').filter((resource) => objectName(resource) === name),
    );
    return classes.flatMap((resource, index) => {
      const above = classes[index - 1];
      const [value, limit] = [Number(at(resource, 'value')), Number(above === undefined ? Infinity : at(above, 'value'))];
      if (value < limit) return [];
      return [
        violation(RULE, resource, { property: 'value', found: value, expected: `below ${limit}, the value of '${above?.name}'` }),
      ];
    });
  },
});
