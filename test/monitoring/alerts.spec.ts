import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Group, Rule } from '../../constructs/monitoring/slo.ts';
import { CASES } from './alert-cases.ts';
import { dir, rendered, rulesOf, run, written } from './rendered-alerts.ts';

for (const environment of rendered.keys())
  test(`${environment}: promtool finds nothing to say of any rule`, () => {
    mkdirSync(join(dir, environment));
    const files = rulesOf(environment).map(({ metadata, spec }) => written(join(environment, `${metadata.name}.yaml`), spec));
    assert.ok(files.length > 0);
    run('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', ...files);
  });

/** What the rule says that has these labels; each has a runbook. */
function annotationsOf(alert: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const rules: readonly Rule[] = rulesOf('prod').flatMap(({ spec }) => spec.groups.flatMap((group: Group) => group.rules));
  const all: Readonly<Record<string, string>> = { ...labels, millrace_usecase: 'retail' };
  const found = rules.find(
    (rule) => rule.alert === alert && Object.entries(all).every(([name, is]) => (rule.labels[name] ?? is) === is),
  );
  assert.match(found?.annotations?.['runbook_url'] ?? '', /^https:\/\//, alert);
  // What the templates come to in these cases.
  const shown = (text: string) => text.replace('{{ $value | humanizePercentage }}', '20%').replace('{{ $value }}', '1');
  return Object.fromEntries(Object.entries(found?.annotations ?? {}).map(([key, text]) => [key, shown(text)]));
}

for (const { title, alert, series, at, fires, every = '1m' } of CASES)
  test(`${alert}: ${title}: ${fires.length === 0 ? 'silent' : 'fires'}`, () => {
    const files = rulesOf('prod')
      .filter(({ metadata }) => metadata.name.startsWith('retail-'))
      .map(({ metadata, spec }) => written(`${metadata.name}.yaml`, spec));
    const expected = fires.map((labels) => ({
      exp_labels: { millrace_usecase: 'retail', namespace: 'millrace-monitoring', ...labels },
      exp_annotations: annotationsOf(alert, labels),
    }));
    const file = written('test.yaml', {
      rule_files: files,
      evaluation_interval: every,
      tests: [
        {
          interval: every,
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected }],
        },
      ],
    });
    run('promtool', 'test', 'rules', file);
  });

interface PlatformCase {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

const failed = (name: string, created: number) => ({
  [`kube_pod_status_phase{namespace="millrace-training",pod="${name}",phase="Failed"}`]: '1x60',
  [`kube_pod_created{namespace="millrace-training",pod="${name}"}`]: `${created}x60`,
});

const PLATFORM_CASES: readonly PlatformCase[] = [
  {
    alert: 'MillraceRunFailed',
    series: { 'kube_job_status_failed{namespace="millrace-lake",job_name="compact-1",reason="x"}': '1x60' },
    at: '20m',
    labels: { severity: 'ticket', of_namespace: 'millrace-lake', job_name: 'compact-1' },
    summary: 'The run compact-1 in millrace-lake has failed',
  },
  {
    alert: 'MillraceTrainingFailed',
    // Time begins at 0 here: one pod is of this hour, the other of the day before yesterday.
    series: { ...failed('retail-retrain-1', 0), ...failed('retail-retrain-0', -172_800) },
    at: '20m',
    labels: { severity: 'ticket', of_namespace: 'millrace-training', pod: 'retail-retrain-1' },
    summary: 'The pod retail-retrain-1 of a training, or of the question whether one is due, has failed',
  },
];

for (const { alert, series, at, labels, summary } of PLATFORM_CASES)
  test(`${alert}: says whose it is, and is routed`, () => {
    const [platform] = rulesOf('prod').filter(({ metadata }) => metadata.name === 'platform');
    assert.ok(platform !== undefined);
    const runbook_url = 'https://runbooks.example.org/millrace/run-failed';
    const exp_alerts = [
      { exp_labels: { namespace: 'millrace-monitoring', ...labels }, exp_annotations: { summary, runbook_url } },
    ];
    const file = written('platform-test.yaml', {
      rule_files: [written('platform.yaml', platform.spec)],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts }],
        },
      ],
    });
    run('promtool', 'test', 'rules', file);
  });
