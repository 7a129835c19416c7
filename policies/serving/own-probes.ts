import { MODEL_LOAD_SECONDS } from '../../app/usecases/annotations.ts';
import { answersPredictions } from '../answers-predictions.ts';
import {
  all,
  annotation,
  compare,
  containers,
  equals,
  every,
  implies,
  matches,
  not,
  number,
  present,
  product,
  said,
  same,
} from '../expression.ts';
import { objectRule } from '../object-rule.ts';

export const ownProbes = objectRule({
  id: 'S02',
  name: 'serving-own-probes',
  layer: 'serving',
  severity: 'mandatory',
  title: 'The startup probe waits for the model, readiness asks for it, and liveness asks the process alone',
  control: ['SRE: health checking'],
  reason:
    "A liveness probe that asks a store restarts the whole fleet on the store's blip; a short startup probe kills a model that is loading.",
  remediation: `Leave the construct its probes and give it \`startSeconds\`; it writes ${MODEL_LOAD_SECONDS}.`,
  kinds: ['kubernetes:apps/v1:Deployment'],
  object: () =>
    implies(
      answersPredictions,
      all(
        said('seconds that the load of a model may take', matches(annotation(MODEL_LOAD_SECONDS), /^[1-9][0-9]*$/)),
        every(containers, (container) => {
          const [startup, ready, live] = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((name) =>
            container.at(name),
          ) as [typeof container, typeof container, typeof container];
          // Kubernetes' own defaults: 3 failures, 10 seconds apart.
          const patience = product(number(startup.at('failureThreshold'), 3), number(startup.at('periodSeconds'), 10));
          return all(
            said('a startup probe', present(startup)),
            said(
              `failures times period of at least ${MODEL_LOAD_SECONDS}`,
              implies(present(startup), compare(patience, '>=', number(annotation(MODEL_LOAD_SECONDS), 0))),
            ),
            said('/readyz, which answers once the model is loaded and warm', equals(ready.at('httpGet', 'path'), '/readyz')),
            said('a liveness probe of the process', present(live)),
            said('another path than readiness', not(same(live.at('httpGet', 'path'), ready.at('httpGet', 'path')))),
          );
        }),
      ),
    ),
});
