import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { connectorConfig } from '../../constructs/ingestion/change-capture.ts';
import { changeSourcesOf, changeTopicNames, connectorDeclaration } from '../../constructs/ingestion/change-sources.ts';
import { useCaseChart } from '../../constructs/ingestion/charts.ts';
import { topicsFor } from '../../constructs/ingestion/topics.ts';
import { aclsOf } from '../../constructs/ingestion/users.ts';
import { CHANGE_CAPTURE, shop } from './followed.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const CONNECTOR = 'shop-orders-db';
const made = (variant: Variant = {}, usecase: UseCase = shop) =>
  site({ ...variant, usecases: [usecase], dials: { changeCapture: CHANGE_CAPTURE, ...variant.dials } });
const chart = (variant: Variant = {}, usecase: UseCase = shop) =>
  manifests((app) => useCaseChart(app, made(variant, usecase), usecase));
const [source] = changeSourcesOf(made(), shop);
assert.ok(source !== undefined);

const [, database] = Object.entries(CHANGE_CAPTURE.databases)[0] ?? [];
const cloud = {
  target: 'aws',
  environment: 'prod',
  dials: { changeCapture: { ...CHANGE_CAPTURE, databases: { [CONNECTOR]: { ...database, secretStore: undefined } } } },
} as const;
const single = {
  environment: 'dev',
  dials: { providers: { log: 'single', online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'none', nodes: 'existing' } },
} as const;

test('the manifests of a followed database are the ones we reviewed', (t) => {
  const own = chart().filter(({ metadata }) => metadata.labels?.['millrace.dev/workload']?.startsWith('orders-db'));
  t.assert.snapshot(own.filter(({ kind }) => kind !== 'KafkaTopic'));
});

test('a use case that follows no database has no connector, whatever the dials say', () => {
  for (const kind of ['KafkaConnect', 'KafkaConnector']) {
    assert.equal(ofKind(chart({}, retail), kind).length, 0);
    assert.equal(ofKind(chart(), kind).length, 1);
  }
});

test('a database that the environment does not place is refused by its dial', () => {
  const elsewhere = { ...CHANGE_CAPTURE, databases: { 'other-orders-db': database } };
  for (const changeCapture of [undefined, elsewhere])
    assert.throws(() => chart({ dials: { changeCapture } }), {
      code: 'MR_STACK_DATABASE',
      field: `millrace:changeCapture.databases.${CONNECTOR}`,
      expected: /host, port, database/,
    });
});

test('the connector’s principal writes its own topics by name and reads none but its state', () => {
  const acls = aclsOf(connectorDeclaration(source));
  assert.deepEqual(named(chart(), 'KafkaUser', CONNECTOR).spec.authorization.acls, acls);
  const { tables, heartbeat, state } = changeTopicNames(source);
  for (const { resource, operations } of acls) {
    assert.equal(resource.patternType, 'literal');
    if ([...tables, heartbeat].includes(resource.name)) assert.deepEqual(operations, ['Describe', 'Write']);
    else if (resource.type === 'topic') assert.ok(state.includes(resource.name));
  }
  const fewer = aclsOf(connectorDeclaration({ ...source, tables: source.tables.slice(0, 1) }));
  assert.ok(!fewer.some(({ resource }) => resource.name.endsWith('store')));
});

test('passwords are copied by reference and read from mounted files, over a connection that is verified', () => {
  const config = connectorConfig(source);
  assert.match(config['database.password'] ?? '', /^\$\{directory:\/mnt\/database:password\}$/);
  assert.equal(config['database.sslmode'], 'verify-full');
  const { spec } = named(chart(), 'KafkaConnect', CONNECTOR);
  assert.equal(spec.config['config.providers.directory.param.allowed.paths'], '/mnt/database');
  assert.deepEqual(spec.template.pod.volumes, [{ name: 'database', secret: { secretName: `${CONNECTOR}-database` } }]);
  const login = named(chart(), 'ExternalSecret', `${CONNECTOR}-database`).spec;
  assert.deepEqual(login.secretStoreRef, { kind: 'ClusterSecretStore', name: 'platform' });
  assert.deepEqual(
    login.data.map(({ secretKey, remoteRef }: { secretKey: string; remoteRef: { key: string } }) => [secretKey, remoteRef.key]),
    ['username', 'password', 'ca.crt'].map((file) => [file, `millrace/staging/databases/${CONNECTOR}`]),
  );
});

test('the connector reaches the log, its database and its other workers; they and the operator reach it', () => {
  const { spec } = named(chart(), 'NetworkPolicy', CONNECTOR);
  const ports = spec.egress.map(({ ports: of }: { ports: readonly { port: number }[] }) => of.map(({ port }) => port));
  assert.deepEqual(ports, [[53, 53], [9093], [5432], [8083]]);
  assert.deepEqual(spec.egress[2].to, [{ ipBlock: { cidr: '10.2.0.0/24' } }]);
  assert.deepEqual(
    spec.ingress.map(({ from, ports: of }: { from: readonly unknown[]; ports: readonly { port: number }[] }) => [
      from.length,
      of.map(({ port }) => port),
    ]),
    [[2, [8083]]],
  );
  const { labels } = named(chart(), 'KafkaConnect', CONNECTOR).spec.template.pod.metadata;
  for (const [label, value] of Object.entries(spec.podSelector.matchLabels)) assert.equal(labels[label], value, label);
});

test('every topic that the connector writes is made for it, from the list that all brokers share', () => {
  const objects = chart();
  assert.equal(named(objects, 'KafkaConnector', CONNECTOR).metadata.labels?.['strimzi.io/cluster'], CONNECTOR);
  const { state, tables, heartbeat } = changeTopicNames(source);
  const kept = [...tables, heartbeat].map((name) => [name, 'delete']);
  const own = [...kept, ...state.map((name) => [name, 'compact'])];
  const all = ofKind(objects, 'KafkaTopic').map(({ spec }) => [spec.topicName, spec.config['cleanup.policy']]);
  assert.deepEqual(
    own.map(([name]) => Object.fromEntries(all)[String(name)]),
    own.map(([, policy]) => policy),
  );
  assert.deepEqual(
    topicsFor(made(), shop).length - topicsFor(made({}, { ...retail, name: 'shop' }), { ...retail, name: 'shop' }).length,
    own.length,
  );
});

test('on MSK the connector shows the identity of its pods, and holds no password of the log', () => {
  const { spec } = named(chart(cloud), 'KafkaConnect', CONNECTOR);
  assert.equal(spec.authentication.config['sasl.mechanism'], 'AWS_MSK_IAM');
  assert.equal(spec.bootstrapServers, '{{brokers}}');
  assert.equal(ofKind(chart(cloud), 'KafkaUser').length, 0);
  const login = named(chart(cloud), 'ExternalSecret', `${CONNECTOR}-database`).spec;
  assert.equal(login.secretStoreRef.name, 'millrace-cloud');
  assert.equal(login.data[0].remoteRef.key, `millrace-prod-database-${CONNECTOR}`);
});

test('on a single broker the connector is the one principal that it knows', () => {
  const { authentication, tls, replicas } = named(chart(single), 'KafkaConnect', CONNECTOR).spec;
  assert.deepEqual([authentication.username, authentication.passwordSecret.secretName], ['millrace', 'kafka-auth']);
  assert.deepEqual(tls.trustedCertificates, [{ secretName: 'kafka-tls', certificate: 'ca.crt' }]);
  assert.equal(replicas, 1);
});
