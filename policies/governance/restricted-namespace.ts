import { all, any, equals, label, object, said } from '../expression.ts';
import { objectRule } from '../object-rule.ts';

const ENFORCE = label('pod-security.kubernetes.io/enforce');

export const restrictedNamespace = objectRule({
  id: 'K01',
  name: 'governance-restricted-namespace',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Namespaces enforce the restricted pod security standard',
  control: ['CIS EKS 4.2', 'NSA Kubernetes Hardening'],
  reason: 'A privileged pod is root on its node, and from there everywhere.',
  remediation:
    'Label the namespace pod-security.kubernetes.io/enforce: restricted, or list it with a reason in millrace:policies podSecurityExceptions.',
  kinds: ['kubernetes:core/v1:Namespace'],
  object: ({ config }) =>
    said(
      'restricted, or the level that the namespace is excepted for',
      any(
        equals(ENFORCE, 'restricted'),
        ...Object.entries(config.podSecurityExceptions).map(([name, { level }]) =>
          all(equals(object.at('metadata', 'name'), name), equals(ENFORCE, level)),
        ),
      ),
    ),
});
