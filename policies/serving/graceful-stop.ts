import { DRAIN_SECONDS } from '../../app/usecases/annotations.ts';
import { answersPredictions } from '../answers-predictions.ts';
import { all, annotation, compare, containers, every, implies, matches, number, object, pod, said, sum } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

/** What Kubernetes gives where none is set, seconds. */
const GRACE = 30;

export const gracefulStop = objectRule({
  id: 'S03',
  name: 'serving-graceful-stop',
  layer: 'serving',
  severity: 'mandatory',
  title: 'A pod leaves the endpoints, then drains, then stops, and no deployment takes one away before another is ready',
  control: ['SRE: release engineering'],
  reason: 'Otherwise each deployment drops the requests that were under way.',
  remediation: `Set \`drainSeconds\`; the construct writes the preStop hook, the grace period and ${DRAIN_SECONDS}.`,
  kinds: ['kubernetes:apps/v1:Deployment'],
  object: () =>
    implies(
      answersPredictions,
      all(
        said('0', matches(object.at('spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), /^0%?$/)),
        said('seconds that the process drains for', matches(annotation(DRAIN_SECONDS), /^[0-9]+$/)),
        every(containers, (container) => {
          const pause = container.at('lifecycle', 'preStop', 'sleep', 'seconds');
          return all(
            said('a pause of a second or more before the stop', compare(number(pause, 0), '>=', 1)),
            said(
              'with the drain, less than terminationGracePeriodSeconds',
              compare(
                sum(number(pause, 0), number(annotation(DRAIN_SECONDS), 0)),
                '<',
                number(pod.at('terminationGracePeriodSeconds'), GRACE),
              ),
            ),
          );
        }),
      ),
    ),
});
