import { alertsOf, threshold } from '../alerts.ts';
import { serving, usecaseOf, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

export const driftMonitors: StackRule = {
  id: 'M08',
  name: 'monitoring-drift-monitors',
  layer: 'monitoring',
  severity: 'mandatory',
  title: 'A served model has drift and skew monitors with thresholds and a runbook',
  control: ['EU AI Act Art. 72', 'NIST AI RMF MEASURE 2.4', 'NIST AI RMF MANAGE 4.1'],
  reason: 'A model decays in silence.',
  remediation:
    '`InferenceService` requires `monitor:`; its alerts carry `monitor: drift` and `monitor: skew`, a threshold and a runbook.',
  kinds: ['kubernetes:*'],
  checkStack: (resources) => serving(resources).flatMap((deployment) => judge(deployment, resources)),
};

function judge(deployment: Resource, resources: readonly Resource[]): readonly Violation[] {
  const usecase = usecaseOf(deployment);
  const fault = (resource: Resource, property: string, found: unknown, expected: string) =>
    violation(driftMonitors, resource, { property, found, expected });
  const watched = workloads(resources, 'monitoring').some((workload) => usecaseOf(workload) === usecase);
  const alerts = alertsOf(resources).filter((alert) => alert.usecase === usecase);
  return [
    ...(watched
      ? []
      : [fault(deployment, '', 'a served model that no workload watches', `a workload of layer monitoring of ${usecase}`)]),
    ...['drift', 'skew'].flatMap((sort) => {
      const of = alerts.filter(({ labels }) => labels['monitor'] === sort);
      if (of.length === 0)
        return [
          fault(
            deployment,
            '',
            `a served model without a ${sort} alert`,
            `a PrometheusRule of ${usecase} with an alert labelled monitor: ${sort}`,
          ),
        ];
      return of.flatMap(({ rule, path, expression, runbook }) => [
        ...(threshold(expression) !== undefined && expression.includes('millrace_')
          ? []
          : [fault(rule, `${path}.expr`, expression, 'a millrace_ metric compared with a number')]),
        ...(/^https:\/\/\S+$/.test(runbook ?? '')
          ? []
          : [fault(rule, `${path}.annotations.runbook_url`, runbook, 'an https address')]),
      ]);
    }),
  ];
}
