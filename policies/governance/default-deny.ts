import { BELONGS, PLATFORM } from '../../app/usecases/annotations.ts';
import { all, compare, every, number, object, present, said, some } from '../expression.ts';
import { objectAndStackRule } from '../object-rule.ts';
import { at, namespaceName, objectName, ofKind, word } from '../read.ts';
import type { Resource } from '../rule.ts';
import { violation } from '../violation.ts';

const RULE = {
  id: 'K02',
  remediation: 'Use the namespaces construct: it denies both ways, and each edge that a workload declares opens one port.',
} as const;

const namesPort = (direction: 'ingress' | 'egress') =>
  every(object.at('spec', direction), (edge) =>
    said(
      'a list of ports, each a number or a name',
      all(
        some(edge.at('ports'), (port) => present(port.at('port'))),
        every(edge.at('ports'), (port) => present(port.at('port'))),
      ),
    ),
  );

/** No port range wider than one port: `endPort` may not be above `port`. */
const narrow = (direction: 'ingress' | 'egress') =>
  every(object.at('spec', direction), (edge) =>
    every(edge.at('ports'), (port) =>
      said('one port, not a range', compare(number(port.at('endPort'), 0), '<=', number(port.at('port'), 65_535))),
    ),
  );

export const defaultDeny = objectAndStackRule({
  ...RULE,
  name: 'governance-default-deny',
  layer: 'governance',
  severity: 'mandatory',
  title:
    'Each namespace that the stack puts objects into denies traffic both ways by default, and every allowance names its port',
  control: ['CIS EKS 4.3', 'NSA Kubernetes Hardening'],
  reason: 'Without it one pod that was taken over reaches every store.',
  kinds: ['kubernetes:networking.k8s.io/v1:NetworkPolicy'],
  object: () => all(namesPort('ingress'), namesPort('egress'), narrow('ingress'), narrow('egress')),
  checkStack: (resources) =>
    ofKind(resources, 'Namespace')
      .filter((namespace) => isOurs(namespace, resources))
      .filter((namespace) => !resources.some((policy) => deniesAll(policy, objectName(namespace))))
      .map((namespace) =>
        violation(RULE, namespace, {
          property: '',
          found: undefined,
          expected: 'a NetworkPolicy in it that selects every pod, names Ingress and Egress, and allows nothing',
        }),
      ),
});

/** What an operator's own chart brings is its makers' to close. */
const isOurs = (namespace: Resource, resources: readonly Resource[]): boolean =>
  word(namespace, BELONGS) === PLATFORM || resources.some((resource) => namespaceName(resource) === objectName(namespace));

function deniesAll(policy: Resource, namespace: string): boolean {
  if (!policy.type.endsWith(':NetworkPolicy') || namespaceName(policy) !== namespace) return false;
  const [selector, types] = [at(policy, 'spec', 'podSelector'), at(policy, 'spec', 'policyTypes')];
  const empty = (value: unknown) => value === undefined || value === null || Object.keys(value as object).length === 0;
  return (
    empty(selector) &&
    Array.isArray(types) &&
    ['Ingress', 'Egress'].every((type) => types.includes(type)) &&
    empty(at(policy, 'spec', 'ingress')) &&
    empty(at(policy, 'spec', 'egress'))
  );
}
