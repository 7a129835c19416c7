import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartsOf, environmentOf } from '../../constructs/environment.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';
import { platformChart as monitoring } from '../../constructs/monitoring/charts.ts';
import { platformChart as training } from '../../constructs/training/charts.ts';
import { type Manifest, manifests, named, ofKind, site } from './site.ts';

const { gpu } = site().dials;
const made = (change: Partial<typeof gpu> = {}) => {
  const place = site({ dials: { gpu: { ...gpu, ...change } } });
  return [...manifests((app) => training(app, place)), ...manifests((app) => monitoring(app, place))];
};
const isOfReadiness = ({ metadata }: Manifest) => /node-readiness/.test(metadata.name);

test('what opens GPU nodes is as it was reviewed', (t) => {
  t.assert.snapshot(manifests((app) => training(app, site())).filter(isOfReadiness));
});

test('it is made where GPU nodes start closed, and nowhere else; GPUs are scraped wherever there are any', () => {
  assert.equal(made().filter(isOfReadiness).length, 10);
  assert.deepEqual(made({ readiness: 'allocatable' }).filter(isOfReadiness), []);
  assert.deepEqual(made({ maxNodes: 0, quota: 0 }).filter(isOfReadiness), []);
  const exporters = (objects: readonly Manifest[]) =>
    ofKind(objects, 'PodMonitor').filter(({ spec }) => spec.namespaceSelector.any);
  assert.equal(exporters(made({ readiness: 'allocatable' })).length, 2);
  assert.deepEqual(exporters(made({ maxNodes: 0, quota: 0 })), []);
});

test('it may do with nodes what it does, and with nothing else anything; it reaches the API server and the telemetry', () => {
  const objects = made().filter(isOfReadiness);
  const { rules } = named(objects, 'ClusterRole', 'millrace-node-readiness');
  assert.deepEqual(rules, [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'] }]);
  const { spec } = named(objects, 'NetworkPolicy', 'node-readiness');
  const ranges = spec.egress.flatMap(({ to }: Manifest) => to.flatMap(({ ipBlock }: Manifest) => ipBlock?.cidr ?? []));
  assert.deepEqual(ranges, site().endpoints.controlPlane.ranges);
  assert.equal(spec.egress.length, 3);
});

test('no other pod of any environment has a token of the API server', async () => {
  const usecases = await loadUseCases();
  for (const name of await environments()) {
    const objects = chartsOf(environmentOf(await readDials(name), usecases)).flatMap((chart) => chart.toJson() as Manifest[]);
    const holders = objects.filter((object) => JSON.stringify(object).includes('"serviceAccountToken"'));
    assert.deepEqual(
      holders.filter(({ kind }) => !kind.startsWith('Validating')).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      name === 'staging' ? ['Deployment node-readiness'] : [],
    );
  }
});
