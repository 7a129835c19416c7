import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../../app/clock/port.ts';
import { SWEEP_GRACE } from '../../app/registry/sweep.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { endpointsOf } from '../../constructs/cluster/workload.ts';
import type { Endpoint } from '../../constructs/site.ts';
import { useCaseChart } from '../../constructs/training/charts.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const VARIANTS: Readonly<Record<string, Variant>> = { kubernetes: {}, aws: { target: 'aws', environment: 'prod' } };
const declared = workloadsOf(retail).filter(({ layer }) => layer === 'training');

for (const [target, variant] of Object.entries(VARIANTS)) {
  const place = site(variant);
  const objects = manifests((app) => useCaseChart(app, place, retail));
  const cron = named(objects, 'CronJob', 'retail-sweep').spec;
  const run = named(objects, 'CronWorkflow', 'retail-retrain').spec.workflowSpec;

  test(`${target}: one network policy selects the pods of trainings and of the sweep behind them`, () => {
    const { podSelector } = named(objects, 'NetworkPolicy', 'retail-training').spec;
    const pods = [cron.jobTemplate.spec.template.metadata.labels, run.podMetadata.labels, run.templates[0].metadata.labels];
    for (const labels of pods)
      for (const [label, value] of Object.entries(podSelector.matchLabels)) assert.equal(labels[label], value, label);
    const own = ofKind(objects, 'NetworkPolicy').filter(({ metadata }) => metadata.namespace === 'millrace-training');
    assert.deepEqual(
      own.map(({ metadata }) => metadata.name),
      ['retail-training'],
    );
  });

  test(`${target}: the shared network policy opens to each workload no way that its own stores do not need`, () => {
    // KMS lies behind the same addresses as the buckets: by name, who declares no key would be opened to it.
    const way = ({ pods, ranges, port, morePorts }: Endpoint) => JSON.stringify({ pods, ranges, port, morePorts });
    const reached = declared.map((one) => new Set(endpointsOf(place, one).map(way)));
    assert.equal(reached.length, 3);
    for (const one of reached) assert.deepEqual(one, reached[0]);
  });

  test(`${target}: the answer to drift is the nightly's own template, behind a condition and the same lock`, () => {
    const nightly = named(objects, 'CronWorkflow', 'retail-retrain').spec;
    const drift = named(objects, 'CronWorkflow', 'retail-retrain-on-drift').spec;
    const template = (spec: typeof drift, name: string) =>
      spec.workflowSpec.templates.find((one: { readonly name: string }) => one.name === name);
    assert.deepEqual(template(drift, 'retrain'), template(nightly, 'retrain'));
    assert.deepEqual(drift.workflowSpec.synchronization, nightly.workflowSpec.synchronization);
    assert.equal(nightly.workflowSpec.synchronization.mutexes.length, 1);
    const [[asks], [trains]] = template(drift, drift.workflowSpec.entrypoint).steps;
    assert.match(trains.when, /steps\.due\.outputs\.result/);
    assert.equal(asks.name, 'due');
    const asking = template(drift, asks.template);
    assert.deepEqual(asking.container.args, ['training', 'due', '--json']);
    assert.equal(template(drift, trains.template).serviceAccountName, 'retail-retrain');
    assert.equal(asking.serviceAccountName, 'retail-retrain-on-drift');
    // What asks holds the password of the registry's reader, and of nothing that it could train or promote with.
    assert.ok(Number.parseInt(asking.container.resources.requests.memory, 10) <= 1_024);
    assert.doesNotMatch(JSON.stringify(asking.container.volumeMounts), /master-key|retail-retrain-(metadata|objects)\b/);
    assert.deepEqual(nightly.workflowSpec.arguments, { parameters: [{ name: 'reason', value: 'schedule' }] });
  });

  test(`${target}: a training is ended before what it writes is old enough to be swept`, () => {
    assert.equal(named(objects, 'CronWorkflow', 'retail-retrain').spec.concurrencyPolicy, 'Forbid');
    assert.ok(run.activeDeadlineSeconds > 0 && run.activeDeadlineSeconds * SECOND < SWEEP_GRACE);
  });
}
