import { SLO_RULE, WATCHES } from '../../app/usecases/annotations.ts';
import { objectName, serving, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { type Alert, alertsOf, annotationPath } from '../serving-objects.ts';
import { violation } from '../violation.ts';

export const burnRate: StackRule = {
  id: 'S10',
  name: 'serving-burn-rate',
  layer: 'serving',
  severity: 'mandatory',
  title: 'The objective has burn-rate alerts over several windows, each with a runbook',
  control: ['SRE Workbook ch. 5', 'SOC 2 CC7.2'],
  reason: 'Without them the users are the monitor, or a blip wakes somebody every night.',
  remediation: 'Set `slo:` of the service; the monitoring construct writes a fast and a slow alert, each over two windows.',
  kinds: ['kubernetes:apps/v1:Deployment', 'kubernetes:monitoring.coreos.com/v1:PrometheusRule'],
  checkStack: (resources) => serving(resources).flatMap((workload) => check(alertsOf(resources), workload)),
};

const FEWEST = 2;

function check(all: readonly Alert[], workload: Resource): readonly Violation[] {
  const named = word(workload, SLO_RULE);
  const alerts = all.filter(({ rule, labels }) => objectName(rule) === named && labels[WATCHES] === 'slo');
  if (alerts.length < FEWEST) {
    const expected = `the name of a PrometheusRule with ${FEWEST} alerts or more labelled ${WATCHES}: slo; it has ${alerts.length}`;
    return [violation(burnRate, workload, { property: annotationPath(SLO_RULE), found: named, expected })];
  }
  return alerts.flatMap((alert) => {
    const fault = (property: string, found: unknown, expected: string) =>
      violation(burnRate, alert.rule, { property: `alert ${alert.name}: ${property}`, found, expected });
    const windows = new Set([...alert.expr.matchAll(/(?:\[|_rate)(\d+[smhd])\b/g)].map(([, window]) => window));
    const runbook = alert.annotations['runbook_url'];
    return [
      ...(windows.size >= 2 && /\band\b/.test(alert.expr) ? [] : [fault('expr', alert.expr, 'two windows joined by `and`')]),
      ...(/^https:\/\//.test(runbook ?? '') ? [] : [fault('annotations.runbook_url', runbook, 'an https address')]),
    ];
  });
}
