import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App } from 'cdk8s';
import { retail } from '../../app/usecases/retail/usecase.ts';
import * as cluster from '../../constructs/cluster/charts.ts';
import * as features from '../../constructs/features/charts.ts';
import * as governance from '../../constructs/governance/charts.ts';
import { subjectSecret } from '../../constructs/governance/erase.ts';
import * as ingestion from '../../constructs/ingestion/charts.ts';
import * as lake from '../../constructs/lake/charts.ts';
import * as registry from '../../constructs/registry/charts.ts';
import { type Manifest, ofKind, site, type Variant } from './site.ts';

const VARIANTS: Readonly<Record<string, Variant>> = {
  staging: {},
  prod: { target: 'aws', environment: 'prod' },
  single: {
    environment: 'dev',
    dials: { providers: { log: 'single', online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'trino', nodes: 'existing' } },
  },
};

const platform = (variant: Variant): Manifest[] =>
  [cluster, governance, ingestion, lake, features, registry].flatMap(
    ({ platformChart }) => platformChart(new App(), site(variant)).toJson() as Manifest[],
  );
const usecase = (variant: Variant, definition = retail): Manifest[] =>
  [governance, ingestion, lake, features].flatMap(
    ({ useCaseChart }) =>
      useCaseChart(new App(), site({ ...variant, usecases: [definition] }), definition).toJson() as Manifest[],
  );
const all = (variant: Variant) => [...platform(variant), ...usecase(variant)];

const templateOf = ({ kind, spec }: Manifest) => (kind === 'CronJob' ? spec.jobTemplate.spec.template : spec.template);
const withPods = (objects: readonly Manifest[]) =>
  ['Deployment', 'StatefulSet', 'Job', 'CronJob'].flatMap((kind) => ofKind(objects, kind));

for (const [name, variant] of Object.entries(VARIANTS)) {
  test(`${name}: a run that the stack has on record is not deleted behind its back`, () => {
    for (const { metadata, spec } of ofKind(all(variant), 'Job'))
      assert.equal(spec.ttlSecondsAfterFinished, undefined, metadata.name);
  });

  test(`${name}: every pod is hardened and bounded`, () => {
    for (const object of withPods(all(variant))) {
      const { spec } = templateOf(object);
      const label = `${object.kind} ${object.metadata.name}`;
      assert.equal(spec.automountServiceAccountToken, false, label);
      assert.notEqual(spec.serviceAccountName, 'default', label);
      assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault', label);
      assert.ok(spec.securityContext.runAsUser > 10_000, label);
      assert.match(spec.priorityClassName, /^millrace-(serving|ingestion|training)$/, label);
      for (const container of spec.containers) {
        const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = container.securityContext;
        assert.deepEqual([readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities.drop], [true, false, ['ALL']], label);
        assert.match(container.image, /@sha256:[0-9a-f]{64}$/, label);
        for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
          assert.ok(container.resources.requests[resource], `${label} requests ${resource}`);
          assert.ok(container.resources.limits[resource], `${label} limits ${resource}`);
        }
        const { readinessProbe, livenessProbe } = container;
        if (readinessProbe !== undefined) assert.notDeepEqual(handlerOf(readinessProbe), handlerOf(livenessProbe), label);
      }
    }
  });

  test(`${name}: each pod has an account and a network of its own, and what it mounts is there`, () => {
    const objects = all(variant);
    const has = (kind: string, namespace: string | undefined, wanted: string) =>
      objects.some((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === wanted);
    for (const object of withPods(objects)) {
      const { namespace } = object.metadata;
      const { spec, metadata } = templateOf(object);
      assert.ok(has('ServiceAccount', namespace, spec.serviceAccountName), spec.serviceAccountName);
      const policies = ofKind(objects, 'NetworkPolicy').filter(
        (policy) => policy.metadata.namespace === namespace && selects(policy.spec.podSelector.matchLabels, metadata.labels),
      );
      for (const type of ['Ingress', 'Egress'])
        assert.ok(
          policies.some(({ spec: { policyTypes } }) => policyTypes.includes(type)),
          `${object.metadata.name} ${type}`,
        );
      for (const { secret, configMap } of spec.volumes) {
        if (secret && !isBrought(object, secret.secretName))
          assert.ok(isMade(objects, namespace, secret.secretName), `Secret ${secret.secretName}`);
        if (configMap) assert.ok(has('ConfigMap', namespace, configMap.name), `ConfigMap ${configMap.name}`);
      }
    }
  });

  test(`${name}: an edge is open on both sides or the store admits the caller by its label`, () => {
    const objects = all(variant);
    for (const object of withPods(objects)) {
      const { metadata } = templateOf(object);
      const { namespace } = object.metadata;
      const leaving = ofKind(objects, 'NetworkPolicy')
        .filter(
          (policy) => policy.metadata.namespace === namespace && selects(policy.spec.podSelector.matchLabels, metadata.labels),
        )
        .flatMap(({ spec }) => spec.egress ?? []);
      for (const { to, ports } of leaving) {
        assert.ok(ports.length > 0, 'every allowance names its ports');
        for (const peer of to) {
          const at = peer.namespaceSelector?.matchLabels['kubernetes.io/metadata.name'];
          const toOperated = ['strimzi.io/cluster', 'cnpg.io/cluster'].some((key) => peer.podSelector?.matchLabels[key]);
          if (at === undefined || !at.startsWith('millrace-') || toOperated || at === 'millrace-monitoring') continue;
          if (peer.podSelector.matchLabels['app.kubernetes.io/name'] === 's3') continue;
          const opened = ofKind(objects, 'NetworkPolicy').some(
            (policy) =>
              policy.metadata.namespace === at &&
              selects(policy.spec.podSelector.matchLabels, peer.podSelector.matchLabels) &&
              JSON.stringify(policy.spec.ingress ?? []).includes(JSON.stringify(namespace)),
          );
          assert.ok(opened, `${object.metadata.name} → ${at} ${JSON.stringify(peer.podSelector.matchLabels)}`);
        }
      }
    }
  });

  test(`${name}: what belongs to a use case is in its own charts, and nothing shared is`, () => {
    for (const { kind, metadata } of usecase(variant))
      assert.equal(metadata.labels?.['millrace.dev/usecase'], 'retail', `${kind} ${metadata.name}`);
    for (const { kind, metadata } of platform(variant))
      assert.equal(metadata.labels?.['millrace.dev/usecase'], undefined, `${kind} ${metadata.name}`);
    const other = { ...retail, name: 'other' };
    const identity = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace}/${metadata.name}`;
    const shared = new Set([...platform(variant), ...usecase(variant)].map(identity));
    for (const object of usecase(variant, other)) assert.ok(!shared.has(identity(object)), identity(object));
  });

  test(`${name}: the same dials give the same bytes`, () => {
    assert.equal(JSON.stringify(all(variant)), JSON.stringify(all(variant)));
  });
}

const handlerOf = ({ httpGet, tcpSocket, exec }: Readonly<Record<string, unknown>>) => ({ httpGet, tcpSocket, exec });

const selects = (selector: Readonly<Record<string, string>> | undefined, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);

/** By the operator of secrets, or by cert-manager. */
/** Whether a person brings it who starts a run, since no run begins by itself: whom to erase. */
const isBrought = ({ kind, spec }: Manifest, secret: string): boolean =>
  kind === 'CronJob' && spec.suspend === true && secret === subjectSecret(retail.name);

const isMade = (objects: readonly Manifest[], namespace: string | undefined, name: string): boolean =>
  objects.some(
    ({ kind, metadata, spec }) =>
      metadata.namespace === namespace &&
      ((kind === 'ExternalSecret' && spec.target.name === name) || (kind === 'Certificate' && spec.secretName === name)),
  );
