import { FALLBACK, FALLBACK_TIMEOUT_MS, SETTING, SLO_P99_MS } from '../../app/usecases/annotations.ts';
import { answersPredictions } from '../answers-predictions.ts';
import { all, annotation, compare, containers, equals, implies, matches, number, said, same, some } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

export const timelyFallback = objectRule({
  id: 'S09',
  name: 'serving-timely-fallback',
  layer: 'serving',
  severity: 'mandatory',
  title: 'A fallback answers before the objective is missed',
  control: ['NIST AI RMF MANAGE 2.4'],
  reason: 'The shop must not go blank because a store or a model does not answer.',
  remediation: `Set \`fallback\` and \`storeTimeoutMs\` of the use case, below its p99; ${FALLBACK_TIMEOUT_MS} equals ${SETTING.storeTimeoutMs}.`,
  kinds: ['kubernetes:apps/v1:Deployment'],
  object: () =>
    implies(
      answersPredictions,
      all(
        said('what answers instead, e.g. popular', matches(annotation(FALLBACK), /^[a-z][a-z-]*$/)),
        said(
          `${SETTING.storeTimeoutMs} of its container`,
          some(containers, (container) =>
            some(container.at('env'), (entry) =>
              all(equals(entry.at('name'), SETTING.storeTimeoutMs), same(entry.at('value'), annotation(FALLBACK_TIMEOUT_MS))),
            ),
          ),
        ),
        said('a whole number of milliseconds above 0', compare(number(annotation(FALLBACK_TIMEOUT_MS), 0), '>=', 1)),
        said(
          `less than ${SLO_P99_MS}`,
          compare(number(annotation(FALLBACK_TIMEOUT_MS), 0), '<', number(annotation(SLO_P99_MS), 0)),
        ),
      ),
    ),
});
