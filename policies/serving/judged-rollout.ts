import { ROLLOUT, ROLLOUT_VERDICT } from '../../app/usecases/annotations.ts';
import { at, serving, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { alertsOf, annotationPath, routesTo } from '../serving-objects.ts';
import { violation } from '../violation.ts';

export const judgedRollout: StackRule = {
  id: 'S08',
  name: 'serving-judged-rollout',
  layer: 'serving',
  severity: 'mandatory',
  relaxedInDev: true,
  title: 'A new version comes as a shadow or a canary, and an alert takes it back by itself',
  control: ['EU AI Act Art. 15', 'NIST AI RMF MANAGE 2.4'],
  reason: 'Otherwise a bad model reaches everybody at once.',
  remediation: 'Set `rollout:` of the service; it writes the second backend or the mirror of the route, and the alert.',
  kinds: [
    'kubernetes:apps/v1:Deployment',
    'kubernetes:gateway.networking.k8s.io/v1:HTTPRoute',
    'kubernetes:monitoring.coreos.com/v1:PrometheusRule',
  ],
  checkStack: (resources) => serving(resources).flatMap((workload) => check(resources, workload)),
};

function check(resources: readonly Resource[], workload: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(judgedRollout, workload, { property, found, expected });
  const [way, verdict] = [word(workload, ROLLOUT), word(workload, ROLLOUT_VERDICT)];
  const prepared = way === 'shadow' ? mirrors : way === 'canary' ? splits : undefined;
  const routes = routesTo(resources, workload);
  return [
    ...(prepared === undefined ? [fault(annotationPath(ROLLOUT), way, 'shadow or canary')] : []),
    ...(prepared !== undefined && !routes.some(prepared)
      ? [
          fault(
            annotationPath(ROLLOUT),
            way,
            way === 'shadow' ? 'a route with a RequestMirror' : 'a route with two weighted backends',
          ),
        ]
      : []),
    ...(alertsOf(resources).some(({ name }) => name === verdict)
      ? []
      : [fault(annotationPath(ROLLOUT_VERDICT), verdict, 'the name of an alert of this stack')]),
  ];
}

type Entries = readonly Readonly<Record<string, unknown>>[];
const rulesOf = (route: Resource): Entries => (at(route, 'spec', 'rules') ?? []) as Entries;

const mirrors = (route: Resource): boolean =>
  rulesOf(route).some((rule) => ((rule['filters'] ?? []) as Entries).some(({ type }) => type === 'RequestMirror'));

const splits = (route: Resource): boolean =>
  rulesOf(route).some((rule) => {
    const backends = (rule['backendRefs'] ?? []) as Entries;
    return backends.length >= 2 && backends.every(({ weight }) => typeof weight === 'number');
  });
