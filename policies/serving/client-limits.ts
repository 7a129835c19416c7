import { DAILY_QUOTA, RATE_PER_SECOND, SETTING } from '../../app/usecases/annotations.ts';
import { whole } from '../amounts.ts';
import { layerOf, ofKind, serving, usecaseOf, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { annotationPath, settingsOf } from '../serving-objects.ts';
import { violation } from '../violation.ts';

const LIMITS = [
  [RATE_PER_SECOND, SETTING.ratePerSecond],
  [DAILY_QUOTA, SETTING.dailyQuota],
] as const;

export const clientLimits: StackRule = {
  id: 'S04',
  name: 'serving-client-limits',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Each client has a rate and a daily quota on every prediction route',
  control: ['OWASP ML05', 'MITRE ATLAS AML.T0024', 'MITRE ATLAS AML.T0034', 'OWASP API4:2023'],
  reason: 'Enough questions copy a model, and every one of them costs.',
  remediation: 'Set `limits:` of the service; it writes the annotations of the route and the settings of the container alike.',
  kinds: ['kubernetes:gateway.networking.k8s.io/v1:HTTPRoute', 'kubernetes:apps/v1:Deployment'],
  checkStack: (resources) =>
    ofKind(resources, 'HTTPRoute')
      .filter((route) => layerOf(route) === 'serving')
      .flatMap((route) =>
        LIMITS.flatMap(([key, setting]) =>
          check(
            route,
            serving(resources).filter((workload) => usecaseOf(workload) === usecaseOf(route)),
            key,
            setting,
          ),
        ),
      ),
};

function check(route: Resource, behind: readonly Resource[], key: string, setting: string): readonly Violation[] {
  const limit = word(route, key);
  if ((whole(limit) ?? 0) < 1) {
    return [violation(clientLimits, route, { property: annotationPath(key), found: limit, expected: 'a whole number above 0' })];
  }
  return behind
    .filter((workload) => String(settingsOf(workload)[setting]) !== limit)
    .map((workload) =>
      violation(clientLimits, workload, {
        property: `env ${setting}`,
        found: settingsOf(workload)[setting],
        expected: `${limit}, as the route '${route.name}' says`,
      }),
    );
}
