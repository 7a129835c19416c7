import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chart } from 'cdk8s';
import {
  type ChangeSource,
  changeAcls,
  changeCapture,
  changeTopics,
  connectorConfig,
} from '../../constructs/ingestion/change-capture.ts';
import { manifests, named, ofKind, site } from './site.ts';

const SOURCE: ChangeSource = {
  name: 'orders-db',
  usecase: 'shop',
  database: { name: 'orders', host: 'orders.example.org', port: 5432, ranges: ['10.2.0.0/24'], database: 'orders' },
  tables: [
    { name: 'public.order', dataClass: 'internal' },
    { name: 'public.product', dataClass: 'public' },
  ],
  secret: 'orders-db-login',
  image: `registry.test/connect@sha256:${'2'.repeat(64)}`,
};

const chart = (source = SOURCE) =>
  manifests((app) => {
    const made = new Chart(app, 'shop-ingestion');
    changeCapture(made, site(), source);
    return made;
  });

test('the manifests are the ones we reviewed', (t) => {
  t.assert.snapshot(chart());
});

test('the connector’s principal writes its own topics by name and reads none but its state', () => {
  const acls = changeAcls(SOURCE);
  const { tables, heartbeat, state } = changeTopics(SOURCE);
  for (const { resource, operations } of acls) {
    assert.equal(resource.patternType, 'literal');
    if ([...tables, heartbeat].includes(resource.name)) assert.deepEqual(operations, ['Describe', 'Write']);
    else if (resource.type === 'topic') assert.ok(state.includes(resource.name));
  }
  const fewer = changeAcls({ ...SOURCE, tables: SOURCE.tables.slice(0, 1) });
  assert.ok(!fewer.some(({ resource }) => resource.name.endsWith('product')));
});

test('passwords are read from mounted files, over a connection that is verified', () => {
  const config = connectorConfig(SOURCE);
  assert.match(config['database.password'] ?? '', /^\$\{directory:\/mnt\/database:password\}$/);
  assert.equal(config['database.sslmode'], 'verify-full');
  const { spec } = named(chart(), 'KafkaConnect', 'shop-orders-db');
  assert.equal(spec.config['config.providers.directory.param.allowed.paths'], '/mnt/database');
  assert.deepEqual(spec.template.pod.volumes, [{ name: 'database', secret: { secretName: 'orders-db-login' } }]);
});

test('the connector reaches the log and its database, and nothing else', () => {
  const [{ spec } = { spec: undefined }] = ofKind(chart(), 'NetworkPolicy');
  const ports = spec.egress.map(({ ports: of }: { ports: readonly { port: number }[] }) => of.map(({ port }) => port));
  assert.deepEqual(ports, [[53, 53], [9093], [5432]]);
  assert.deepEqual(spec.ingress, []);
});

test('each connector belongs to its own Connect, and every topic it writes is made for it', () => {
  const objects = chart();
  assert.equal(named(objects, 'KafkaConnector', 'shop-orders-db').metadata.labels?.['strimzi.io/cluster'], 'shop-orders-db');
  const { state, tables, heartbeat } = changeTopics(SOURCE);
  const made = ofKind(objects, 'KafkaTopic').map(({ spec }) => [spec.topicName, spec.config['cleanup.policy']]);
  assert.deepEqual(
    Object.fromEntries(made),
    Object.fromEntries([...[...tables, heartbeat].map((name) => [name, 'delete']), ...state.map((name) => [name, 'compact'])]),
  );
});
