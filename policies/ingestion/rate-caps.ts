import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { all, annotation, containers, equals, implies, label, matches, said, same, some } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

const caps = annotation(DATA.rateCaps);
const has = (cap: string) => matches(caps, new RegExp(`(^|,)${cap}=[1-9][0-9]*(,|$)`));

export const rateCaps = objectRule({
  id: 'D13',
  name: 'ingestion-rate-caps',
  layer: 'ingestion',
  severity: 'advisory',
  title: 'The collector caps events per user, session and address',
  control: ['OWASP ML02', 'ATLAS AML.T0020'],
  reason: 'One bot must not outweigh a thousand people.',
  remediation: 'Set `rateCaps` of the source: most events a minute by user, session and address.',
  kinds: ['kubernetes:apps/v1:Deployment'],
  object: () =>
    implies(
      all(equals(label('millrace.dev/layer'), 'ingestion'), equals(label('millrace.dev/workload'), 'collector')),
      all(
        said('user=…, session=… and address=…, each above 0', all(has('user'), has('session'), has('address'))),
        said(
          `the text of the annotation, in ${MODEL_ENVIRONMENT.rateCaps}`,
          some(containers, (container) =>
            some(container.at('env'), (variable) =>
              all(equals(variable.at('name'), MODEL_ENVIRONMENT.rateCaps), same(variable.at('value'), caps)),
            ),
          ),
        ),
      ),
    ),
});
