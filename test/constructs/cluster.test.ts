import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platformChart } from '../../constructs/cluster/charts.ts';
import { NAMESPACED } from '../../constructs/cluster/namespaces.ts';
import { OPERATOR_CHARTS } from '../../constructs/cluster/operator-charts.ts';
import { namespaceOf } from '../../constructs/site.ts';
import { admissionsOf } from '../../policies/admission.ts';
import { RULES } from '../../policies/catalogue.ts';
import { admissionContextOf } from '../../policies/context.ts';
import { type Manifest, manifests, named, ofKind, site, type Variant } from './site.ts';

const chart = (variant?: Variant) => manifests((app) => platformChart(app, site(variant)));

const isPolicy = ({ kind }: Manifest) => kind.startsWith('ValidatingAdmissionPolicy');

test('the manifests are the ones we reviewed', (t) => {
  t.assert.snapshot(chart().filter((object) => !isPolicy(object)));
});

test('what the API server holds objects to is every rule that the preview holds one object to', () => {
  const { dials } = site({ environment: 'prod' });
  const context = admissionContextOf({ stack: 'prod', ...(dials.policies !== undefined && { policies: dials.policies }) });
  const deployed = chart({ environment: 'prod' }).filter(isPolicy);
  const compiled = admissionsOf(RULES, context);
  assert.ok(compiled.length > 10);
  for (const { policy, binding } of compiled) {
    const { spec } = named(deployed, 'ValidatingAdmissionPolicy', policy.metadata.name);
    const { matchConditions } = policy.spec as { matchConditions: readonly unknown[] };
    assert.deepEqual({ ...spec, matchConditions: spec.matchConditions.slice(0, 1) }, { ...policy.spec, matchConditions });
    assert.deepEqual(named(deployed, 'ValidatingAdmissionPolicyBinding', policy.metadata.name).spec, binding.spec);
  }
  assert.equal(deployed.length, 2 * compiled.length);
});

test('only the accounts of operators may write unjudged, and those of the cluster itself may not', () => {
  for (const { spec } of ofKind(chart(), 'ValidatingAdmissionPolicy')) {
    const { expression } = spec.matchConditions[1];
    for (const { namespace } of Object.values(OPERATOR_CHARTS))
      assert.equal(expression.includes(`"system:serviceaccount:${namespace}:"`), namespace !== 'kube-system', namespace);
  }
});

test('on aws, nodes come from node classes that are private, encrypted and guard their credentials', (t) => {
  const classes = ofKind(chart({ target: 'aws', environment: 'prod' }), 'EC2NodeClass');
  t.assert.snapshot(classes);
  for (const { spec } of classes) {
    assert.deepEqual(
      [spec.metadataOptions.httpTokens, spec.metadataOptions.httpPutResponseHopLimit, spec.associatePublicIPAddress],
      ['required', 1, false],
    );
    for (const { ebs } of spec.blockDeviceMappings) assert.equal(ebs.encrypted, true);
  }
});

test('each namespace enforces restricted, denies both ways, and bounds what is in it', () => {
  const objects = chart();
  for (const layer of NAMESPACED) {
    const namespace = namespaceOf(layer);
    const labels = named(objects, 'Namespace', namespace).metadata.labels ?? {};
    for (const mode of ['enforce', 'audit', 'warn']) assert.equal(labels[`pod-security.kubernetes.io/${mode}`], 'restricted');
    assert.equal(labels['millrace.dev/part-of'], 'millrace');
    const inside = objects.filter(({ metadata }) => metadata.namespace === namespace);
    assert.deepEqual(ofKind(inside, 'NetworkPolicy')[0]?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    assert.equal(ofKind(inside, 'LimitRange').length, 1);
    assert.equal(ofKind(inside, 'ResourceQuota').length, 1);
  }
});

test('GPUs are for training alone, as many as the dial allows', () => {
  for (const { metadata, spec } of ofKind(chart(), 'ResourceQuota'))
    assert.equal(spec.hard['requests.nvidia.com/gpu'], metadata.namespace === 'millrace-training' ? '2' : '0');
});

test('serving outranks ingestion, ingestion training, and training evicts nobody', () => {
  const objects = chart();
  const value = (name: string) => named(objects, 'PriorityClass', name).value;
  assert.ok(value('millrace-serving') > value('millrace-ingestion'));
  assert.ok(value('millrace-ingestion') > value('millrace-training'));
  assert.equal(named(objects, 'PriorityClass', 'millrace-training').preemptionPolicy, 'Never');
});

test('GPU nodes are tainted, start tainted until their device plugin runs, and end at the ceiling', () => {
  const { spec } = named(chart(), 'NodePool', 'millrace-gpu');
  const { taints, startupTaints, expireAfter } = spec.template.spec;
  assert.deepEqual(taints, [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }]);
  assert.deepEqual(
    startupTaints.map(({ key }: { key: string }) => key),
    ['millrace.dev/device-plugin'],
  );
  assert.equal(spec.limits['nvidia.com/gpu'], '2');
  assert.equal(expireAfter, '336h');
  assert.equal(spec.disruption.consolidationPolicy, 'WhenEmpty');
});

test('where nodes tell of their GPUs themselves there is no start-up taint, and no pool where none is allowed', () => {
  const dials = (gpu: object) => ({ dials: { gpu: { product: 'l4', monthlyBudget: 1, idleMinutes: 5, ...gpu } } });
  const trusting = chart(dials({ maxNodes: 1, quota: 1, readiness: 'allocatable' }));
  assert.equal(named(trusting, 'NodePool', 'millrace-gpu').spec.template.spec.startupTaints, undefined);
  const without = chart(dials({ maxNodes: 0, quota: 0, readiness: 'taint' }));
  assert.deepEqual(
    ofKind(without, 'NodePool').map(({ metadata }) => metadata.name),
    ['millrace-cpu'],
  );
});

test('pools are left to others where the dials say so', () => {
  const providers = { log: 'strimzi', online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'none', nodes: 'existing' };
  assert.deepEqual(ofKind(chart({ dials: { providers } }), 'NodePool'), []);
});
