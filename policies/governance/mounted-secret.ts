import { all, allContainers, any, every, matches, not, object, present, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectRule } from '../object-rule.ts';

const WORDS = ['password', 'passwd', 'secret', 'token', 'api[_.-]?key', 'private[_.-]?key', 'access[_.-]?key', 'credentials?'];
/** A name that says secret, in either case; the API server's patterns have no flag for that in the shape JavaScript has. */
const SECRET = new RegExp(`(^|[_.-])(${[...WORDS, ...WORDS.map((word) => word.toUpperCase())].join('|')})([_.-]|$)`);
/** The address of a file or of a service is no secret. */
const ADDRESS = /^(\/|https?:\/\/[^@]*$)/;

export const mountedSecret = objectRule({
  id: 'K07',
  name: 'governance-mounted-secret',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Secrets are mounted as files from a secret store, never in the environment or in ConfigMaps',
  control: ['CIS EKS 4.4'],
  reason: 'An environment shows in dumps, in child processes and in logs; a ConfigMap shows to all who may read one.',
  remediation: 'Mount the Secret as a file (`secrets:` of the workload) and name the file in the setting.',
  kinds: [...WORKLOAD_KINDS, 'kubernetes:core/v1:ConfigMap'],
  object: () =>
    all(
      every(allContainers, (container) =>
        all(
          every(container.at('env'), (entry) =>
            all(
              said(
                'no value of a secret',
                not(
                  all(
                    matches(entry.at('name'), SECRET),
                    present(entry.at('value')),
                    not(any(matches(entry.at('value'), ADDRESS), matches(entry.at('value'), /^$/))),
                  ),
                ),
              ),
              said('a mounted file', not(present(entry.at('valueFrom', 'secretKeyRef')))),
            ),
          ),
          every(container.at('envFrom'), (entry) => said('a mounted file', not(present(entry.at('secretRef'))))),
        ),
      ),
      every(object.at('data'), (key) => said('no key of a secret', not(matches(key, SECRET)))),
    ),
});
