import { PUBLIC_PATHS } from '../../app/usecases/annotations.ts';
import { answersPredictions } from '../answers-predictions.ts';
import { all, always, equals, every, implies, not, object, oneOf, present, said, some } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

export const itemRoutes = objectRule({
  id: 'S05',
  name: 'serving-item-routes',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Public routes lead to answers of items and decisions, not to scores or vectors',
  control: ['OWASP ML03', 'OWASP ML05', 'MITRE ATLAS AML.T0024'],
  reason: 'Scores and vectors are what a copy of the model, or a picture of its users, is made from.',
  remediation: 'Route exact paths of PUBLIC_PATHS only; callers who need scores use the Service inside the cluster.',
  kinds: ['kubernetes:gateway.networking.k8s.io/v1:HTTPRoute'],
  object: () =>
    implies(
      answersPredictions,
      every(object.at('spec', 'rules'), (rule) =>
        all(
          // A rule without matches takes every path.
          said(
            'a list of exact paths',
            some(rule.at('matches'), () => always),
          ),
          every(rule.at('matches'), (match) =>
            all(
              said('Exact', equals(match.at('path', 'type'), 'Exact')),
              said(`one of ${PUBLIC_PATHS.join(', ')}`, oneOf(match.at('path', 'value'), PUBLIC_PATHS)),
            ),
          ),
          every(rule.at('filters'), (filter) =>
            said('no rewrite of a path to another', not(present(filter.at('urlRewrite', 'path')))),
          ),
        ),
      ),
    ),
});
