import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../../app/clock/port.ts';
import { SWEEP_GRACE } from '../../app/registry/sweep.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { endpointsOf } from '../../constructs/cluster/workload.ts';
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

  test(`${target}: the shared network policy opens to each workload no store that it does not declare`, () => {
    const reached = declared.map((one) => new Set(endpointsOf(place, one).map(({ name }) => name)));
    assert.equal(reached.length, 2);
    for (const one of reached) assert.deepEqual(one, reached[0]);
  });

  test(`${target}: a training is ended before what it writes is old enough to be swept`, () => {
    assert.equal(named(objects, 'CronWorkflow', 'retail-retrain').spec.concurrencyPolicy, 'Forbid');
    assert.ok(run.activeDeadlineSeconds > 0 && run.activeDeadlineSeconds * SECOND < SWEEP_GRACE);
  });
}
