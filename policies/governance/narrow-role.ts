import { all, any, every, matches, not, object, oneOf, said } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

/** Verbs by which a role gives itself more than it has. */
const RAISING = ['escalate', 'bind', 'impersonate'];
/** Resources that are a shell in a pod, a token, or a node. */
const DOORS = [
  'pods/exec',
  'pods/attach',
  'pods/portforward',
  'pods/ephemeralcontainers',
  'serviceaccounts/token',
  'nodes/proxy',
];
const WILD = /\*/;

export const narrowRole = objectRule({
  id: 'K06',
  name: 'governance-narrow-role',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Roles name their verbs and resources, and none opens a shell or raises itself',
  control: ['CIS EKS 4.1'],
  reason: 'A wildcard grows with every new kind, and exec is every right of every pod.',
  remediation: 'Name the verbs and resources that the workload calls; bind no cluster-admin.',
  kinds: ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map(
    (kind) => `kubernetes:rbac.authorization.k8s.io/v1:${kind}`,
  ),
  object: () =>
    all(
      every(object.at('rules'), (rule) =>
        all(
          every(rule.at('verbs'), (verb) =>
            said('a named verb, none of escalate, bind, impersonate', not(any(matches(verb, WILD), oneOf(verb, RAISING)))),
          ),
          every(rule.at('resources'), (resource) =>
            said(`a named resource, none of ${DOORS.join(', ')}`, not(any(matches(resource, WILD), oneOf(resource, DOORS)))),
          ),
          every(rule.at('apiGroups'), (group) => said('a named group', not(matches(group, WILD)))),
          every(rule.at('nonResourceURLs'), (url) => said('a named address', not(matches(url, WILD)))),
        ),
      ),
      said('a role that was written for it', not(oneOf(object.at('roleRef', 'name'), ['cluster-admin', 'admin', 'edit']))),
    ),
});
