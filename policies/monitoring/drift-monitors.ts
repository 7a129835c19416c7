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
    '`InferenceService` requires `monitor:`; its alerts carry `monitor: drift` and `monitor: skew`, a threshold and a runbook; skew is told by served values that differ from the lake, not by their age.',
  kinds: ['kubernetes:*'],
  checkStack: (resources) => serving(resources).flatMap((deployment) => judge(deployment, resources)),
};

/** What each sort of alert must watch. Old rows are no skew: a row can be fresh and wrong. */
const WATCHED = {
  drift: { metric: 'millrace_', expected: 'a millrace_ metric compared with a number' },
  skew: {
    metric: 'millrace_features_mismatched_total',
    expected: 'millrace_features_mismatched_total, alone or as a share, compared with a number',
  },
} as const;

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
    ...(['drift', 'skew'] as const).flatMap((sort) => {
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
        ...(threshold(expression) !== undefined && expression.includes(WATCHED[sort].metric)
          ? []
          : [fault(rule, `${path}.expr`, expression, WATCHED[sort].expected)]),
        ...(/^https:\/\/\S+$/.test(runbook ?? '')
          ? []
          : [fault(rule, `${path}.annotations.runbook_url`, runbook, 'an https address')]),
      ]);
    }),
  ];
}
