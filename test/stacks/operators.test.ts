import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { OPERATOR_CHARTS } from '../../constructs/cluster/operator-charts.ts';
import { readDials } from '../../constructs/environments.ts';
import { record } from './recorded.ts';

interface Release {
  readonly chart: string;
  readonly version: string;
  // biome-ignore lint/suspicious/noExplicitAny: values are whatever their chart says
  readonly values: any;
}

const releases = new Map(
  (await record(await readDials('prod'), [retail]))
    .filter(({ type }) => type === 'kubernetes:helm.sh/v3:Release')
    .map(({ props }) => [String(props.name), props as unknown as Release]),
);
const valuesOf = (name: string) => releases.get(name)?.values;

test('every operator that the charts count on is installed at one exact version, and one that sizes the nodes', () => {
  const expected = Object.keys(OPERATOR_CHARTS).filter((name) => name !== 'cluster-autoscaler');
  assert.deepEqual([...releases.keys()].sort(), expected.sort());
  for (const { chart, version } of releases.values()) assert.match(version, /^v?\d+\.\d+\.\d+$/, chart);
});

test('Karpenter is told its cluster and the queue that tells of nodes that go', () => {
  assert.deepEqual(valuesOf('karpenter').settings, {
    clusterName: 'millrace-prod-cluster',
    interruptionQueue: 'millrace-prod-karpenter',
  });
});

test('an operator that calls AWS starts with the role that its account has', () => {
  const role = (part: string) => `arn:aws:iam::123456789012:role/millrace-prod-${part}`;
  assert.deepEqual(
    [valuesOf('karpenter').podAnnotations, valuesOf('external-secrets').podAnnotations, valuesOf('keda').podAnnotations.keda],
    ['karpenter', 'secrets', 'lag'].map((part) => ({ 'millrace.dev/role': role(part) })),
  );
});

test('Prometheus takes in the monitors and rules of all, and Alertmanager routes alerts about any namespace', () => {
  const { prometheus, alertmanager } = valuesOf('kube-prometheus-stack');
  assert.deepEqual(prometheus.prometheusSpec, {
    podMonitorSelectorNilUsesHelmValues: false,
    serviceMonitorSelectorNilUsesHelmValues: false,
    ruleSelectorNilUsesHelmValues: false,
  });
  assert.deepEqual(alertmanager.alertmanagerSpec.alertmanagerConfigMatcherStrategy, { type: 'None' });
});
