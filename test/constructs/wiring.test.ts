import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartsOf, environmentOf } from '../../constructs/environment.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';
import { type Endpoint, namespaceOf } from '../../constructs/site.ts';
import { type Manifest, named, ofKind } from './site.ts';

const usecases = await loadUseCases();
const rendered = new Map<string, { readonly objects: readonly Manifest[]; readonly controlPlane: Endpoint }>();
for (const name of await environments()) {
  const made = environmentOf(await readDials(name), usecases);
  const objects = chartsOf(made).flatMap((chart) => chart.toJson() as Manifest[]);
  rendered.set(name, { objects, controlPlane: made.site.endpoints.controlPlane });
}

/** Secrets that operators make beside those that a manifest names: of the brokers, and of the database. */
const OF_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  Kafka: ['cluster-ca-cert'],
  Cluster: ['ca'],
};

/** `namespace/name` of every Secret that somebody makes. */
const madeIn = (objects: readonly Manifest[]): ReadonlySet<string> =>
  new Set(
    objects.flatMap(({ kind, metadata: { namespace, name }, spec }) => {
      const at = (secret: string) => `${namespace}/${secret}`;
      if (kind === 'Secret' || kind === 'KafkaUser') return [at(name)];
      if (kind === 'ExternalSecret') return [at(spec.target.name)];
      if (kind === 'Certificate') return [at(spec.secretName)];
      return (OF_OPERATORS[kind] ?? []).map((suffix) => at(`${name}-${suffix}`));
    }),
  );

interface Reference {
  readonly remoteRef: { readonly key: string };
}

for (const [environment, { objects, controlPlane }] of rendered) {
  test(`${environment}: every secret that is read from a store of this cluster is made there by somebody`, () => {
    const made = madeIn(objects);
    const rooms = new Map(
      objects
        .filter(({ kind, spec }) => kind.endsWith('SecretStore') && spec.provider.kubernetes !== undefined)
        .map(({ kind, metadata, spec }) => [
          `${kind} ${kind === 'SecretStore' ? `${metadata.namespace}/` : ''}${metadata.name}`,
          String(spec.provider.kubernetes.remoteNamespace),
        ]),
    );
    const missing = ofKind(objects, 'ExternalSecret').flatMap(({ metadata, spec }) => {
      const { kind, name } = spec.secretStoreRef ?? {};
      const room = rooms.get(`${kind} ${kind === 'SecretStore' ? `${metadata.namespace}/` : ''}${name}`);
      if (room === undefined) return [];
      return (spec.data as readonly Reference[])
        .map(({ remoteRef }) => `${room}/${remoteRef.key}`)
        .filter((secret) => !made.has(secret))
        .map((secret) => `${metadata.namespace}/${metadata.name} reads ${secret}`);
    });
    assert.deepEqual(missing, []);
  });

  test(`${environment}: the canary has the secrets of the track beside it, and an account of its own`, () => {
    for (const { name } of usecases) {
      const podOf = (track: string) => named(objects, 'Deployment', `${name}-${track}`).spec.template.spec;
      const [stable, canary] = [podOf('serving'), podOf('serving-canary')];
      assert.deepEqual(canary.volumes, stable.volumes);
      assert.notEqual(canary.serviceAccountName, stable.serviceAccountName);
      named(objects, 'ServiceAccount', canary.serviceAccountName);
    }
  });

  test(`${environment}: events have a way in from the outside, by the use case's own host, and nothing else of ingestion has`, () => {
    const inside = objects.filter(({ metadata }) => metadata.namespace === namespaceOf('ingestion'));
    const routes = ofKind(inside, 'HTTPRoute');
    assert.equal(routes.length, usecases.length);
    const [{ spec: door }] = ofKind(objects, 'Gateway') as [Manifest];
    assert.equal(door.listeners[0].allowedRoutes.namespaces.from, 'Selector');
    for (const { name } of usecases) {
      const { spec } = named(routes, 'HTTPRoute', `${name}-collector`);
      assert.match(spec.hostnames[0], new RegExp(`^${name}\\.`));
      assert.deepEqual(spec.rules[0].matches, [{ method: 'POST', path: { type: 'Exact', value: '/v1/events' } }]);
      const { port } = spec.rules[0].backendRefs[0];
      assert.equal(named(inside, 'Service', spec.rules[0].backendRefs[0].name).spec.ports[0].port, port);
    }
  });

  test(`${environment}: Argo may report what a training gave, and try again what its own program did not end`, () => {
    for (const { name } of usecases) {
      const { egress } = named(objects, 'NetworkPolicy', `${name}-training`).spec;
      for (const cidr of controlPlane.ranges ?? [])
        assert.ok(JSON.stringify(egress).includes(`{"ipBlock":{"cidr":"${cidr}"}}`), `no way to ${cidr}`);
      const { templates } = named(objects, 'CronWorkflow', `${name}-retrain`).spec.workflowSpec;
      const [{ retryPolicy, expression }] = templates.flatMap((one: { retryStrategy?: object }) => one.retryStrategy ?? []);
      assert.deepEqual([retryPolicy, expression], ['Always', '!(asInt(lastRetry.exitCode) in [1, 2])']);
    }
  });
}
