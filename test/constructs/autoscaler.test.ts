import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Chart } from 'cdk8s';
import { registryWorkload } from '../../app/platform-workloads.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { type AutoscalerProps, autoscaler } from '../../constructs/cluster/autoscaler.ts';
import { scrape } from '../../constructs/monitoring/scrape.ts';
import { object } from '../../constructs/object.ts';
import { type Manifest, site } from './site.ts';

/** The last object that is made. */
const made = (make: (chart: Chart) => void): Manifest => {
  const chart = new Chart(new App(), 'one');
  make(chart);
  const last = (chart.toJson() as Manifest[]).at(-1);
  assert.ok(last !== undefined);
  return last;
};
const scaled = (props: Omit<AutoscalerProps, 'site'>) =>
  made((chart) => {
    const metadata = { name: 'what-is-scaled', namespace: 'millrace-serving' };
    object(chart, props.declaration.name, 'apps/v1 Deployment', { metadata, spec: { selector: {}, template: {} } });
    autoscaler(chart, { site: site(), ...props });
  });
const serving = workloadsOf(retail).find(({ name }) => name === 'serving') as WorkloadDeclaration;

test('a service that scales on its rate asks Prometheus for it through KEDA, and on CPU besides', () => {
  const rate = { counter: 'millrace_serving_requests_total', perPod: 40 };
  const { kind, spec } = scaled({ usecase: retail, declaration: serving, min: 3, max: 9, rate });
  assert.deepEqual([kind, spec.minReplicaCount, spec.maxReplicaCount], ['ScaledObject', 3, 9]);
  const [cpu, requests] = spec.triggers;
  assert.deepEqual([cpu.type, cpu.metricType, cpu.metadata.value], ['cpu', 'Utilization', '65']);
  assert.deepEqual([requests.metricType, requests.metadata.threshold], ['AverageValue', '40']);
  assert.equal(requests.metadata.serverAddress, 'http://prometheus-operated.monitoring-system.svc:9090');
  const of = '{namespace="millrace-serving",millrace_usecase="retail",millrace_workload="serving"}';
  assert.equal(requests.metadata.query, `sum(rate(millrace_serving_requests_total${of}[2m])) or 0 * sum(up${of})`);
  assert.equal(requests.metadata.ignoreNullValues, 'false');
});

test('the labels that it asks by are those that the scraper gives', () => {
  const { spec } = made((chart) => scrape(chart, site(), retail));
  const given = spec.podMetricsEndpoints[0].relabelings.map(({ targetLabel }: { targetLabel: string }) => targetLabel);
  for (const label of ['millrace_usecase', 'millrace_workload']) assert.ok(given.includes(label), label);
});

test('a service without a rate scales on CPU by Kubernetes alone; either way it grows at once and shrinks slowly', () => {
  const plain = scaled({ declaration: registryWorkload, min: 2, max: 1 });
  assert.deepEqual([plain.kind, plain.spec.minReplicas, plain.spec.maxReplicas], ['HorizontalPodAutoscaler', 2, 2]);
  const byRate = scaled({ usecase: retail, declaration: serving, min: 2, max: 4, rate: { counter: 'a_total', perPod: 1 } });
  const { behavior } = byRate.spec.advanced.horizontalPodAutoscalerConfig;
  assert.deepEqual(behavior, plain.spec.behavior);
  assert.deepEqual([behavior.scaleUp.stabilizationWindowSeconds, behavior.scaleDown.stabilizationWindowSeconds], [0, 300]);
});
