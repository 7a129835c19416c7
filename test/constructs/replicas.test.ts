import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { ignoredIn } from '../../constructs/bridge/register.ts';
import * as ingestion from '../../constructs/ingestion/charts.ts';
import * as monitoring from '../../constructs/monitoring/charts.ts';
import * as registry from '../../constructs/registry/charts.ts';
import { manifests, named, site } from './site.ts';

const ingesting = manifests((app) => ingestion.useCaseChart(app, site(), retail));
const registering = manifests((app) => registry.platformChart(app, site()));

test('what KEDA scales begins with as many replicas as there always are', () => {
  const { spec } = named(ingesting, 'Deployment', 'retail-collector');
  assert.equal(spec.replicas, named(ingesting, 'ScaledObject', 'retail-collector').spec.minReplicaCount);
  assert.ok(spec.replicas >= 2);
});

test('an update leaves the replicas to the autoscaler that KEDA made', () => {
  assert.deepEqual(ignoredIn(named(ingesting, 'Deployment', 'retail-collector'), ingesting), ['spec.replicas']);
  const others = ingesting.filter(({ kind }) => kind !== 'ScaledObject');
  assert.deepEqual(ignoredIn(named(ingesting, 'Deployment', 'retail-collector'), others), []);
  assert.deepEqual(ignoredIn(named(ingesting, 'ScaledObject', 'retail-collector'), ingesting), []);
});

test("what Kubernetes' own autoscaler scales says no replicas, so that no update sets any", () => {
  const { metadata } = named(registering, 'HorizontalPodAutoscaler', 'registry');
  assert.equal(metadata.namespace, 'millrace-registry');
  assert.equal(named(registering, 'Deployment', 'registry').spec.replicas, undefined);
});

test('what is to be alone is one, goes before the next comes, and has no autoscaler', () => {
  const watching = manifests((app) => monitoring.useCaseChart(app, site({ environment: 'prod' }), retail));
  const { spec } = named(watching, 'Deployment', 'retail-monitor');
  assert.deepEqual([spec.replicas, spec.strategy], [1, { type: 'Recreate' }]);
  assert.equal(named(watching, 'PodDisruptionBudget', 'retail-monitor').spec.minAvailable, 0, 'its node can be drained');
  assert.deepEqual(
    watching.filter(({ kind }) => ['ScaledObject', 'HorizontalPodAutoscaler', 'TriggerAuthentication'].includes(kind)),
    [],
  );
});
