import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type Access, workloadsOf } from '../../app/workloads.ts';
import { awsFoundation, awsPlatform } from '../../constructs/aws.ts';
import { awsUseCase } from '../../constructs/aws-usecase.ts';
import { connectorsOf } from '../../constructs/ingestion/change-sources.ts';
import { topicsFor } from '../../constructs/ingestion/topics.ts';
import { namespaceOf } from '../../constructs/site.ts';
import { deploy, PRODUCTION } from './aws-account.ts';
import { at, deployAll, listOf, ofType, type Statement, statementsOf } from './aws-program.ts';
import { CHANGE_CAPTURE, shop } from './followed.ts';
import { site } from './site.ts';

const all = await deployAll(PRODUCTION);
const LAKE = 'arn:aws:s3:::millrace-prod-lake-123456789012-eu-central-1';
const LOG = 'arn:aws:kafka:eu-central-1:123456789012';

const grants = (workload: string): readonly Statement[] => {
  const found = ofType(all, 'iam/RolePolicy').find(({ name }) => name === `retail-${workload}`);
  return found === undefined ? [] : statementsOf(found.inputs.policy);
};

/** Resources that a workload may do an action on, without the lake's address. */
const on = (workload: string, action: string): readonly string[] =>
  grants(workload)
    .filter(({ Action }) => listOf(Action).includes(action))
    .flatMap(({ Resource }) => listOf(Resource))
    .map((resource) => resource.replace(`${LAKE}/`, ''))
    .sort();

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort();

test('a workload reads, writes and follows exactly the topics that it declares', () => {
  const within = (kind: string) => (name: string) => `${LOG}:${kind}/millrace-prod-log/0a1b-7/${name}`;
  const topics = (accesses: readonly Access[]) => accesses.flatMap((one) => (one.store === 'log' ? [one.topic] : []));
  const groups = (accesses: readonly Access[]) => accesses.flatMap((one) => ('group' in one && one.group ? [one.group] : []));
  for (const { name, reads, writes } of workloadsOf(retail)) {
    assert.deepEqual(on(name, 'kafka-cluster:ReadData'), sorted(topics(reads)).map(within('topic')), name);
    assert.deepEqual(on(name, 'kafka-cluster:WriteData'), sorted(topics(writes)).map(within('topic')), name);
    assert.deepEqual(on(name, 'kafka-cluster:AlterGroup'), sorted(groups(reads)).map(within('group')), name);
  }
  assert.ok(on('collector', 'kafka-cluster:WriteData').length > 0);
});

/** Where the accesses lie in the lake's bucket. */
const prefixes = (accesses: readonly Access[]) =>
  accesses.flatMap((one) => {
    if (one.store === 'lake') return [`lake/${one.table.replace('.', '/')}/*`];
    return one.store === 'objects' ? [`${one.prefix}*`] : [];
  });

test('a workload writes exactly the prefixes that it declares, and reads those and what it declares to read', () => {
  const inLake = (workload: string, action: string) => on(workload, action).filter((resource) => !resource.startsWith('arn:'));
  for (const { name, reads, writes } of workloadsOf(retail)) {
    assert.deepEqual(inLake(name, 's3:PutObject'), sorted(prefixes(writes)), name);
    assert.deepEqual(inLake(name, 's3:GetObject'), sorted(prefixes([...reads, ...writes])), name);
  }
  assert.deepEqual(inLake('retrain', 's3:PutObject'), [
    'checkpoints/retail-recommender/*',
    'lake/retail/user_taste/*',
    'releases/retail-recommender/*',
  ]);
});

test('only the gate signs, in either of its runs, and it writes neither data nor releases', () => {
  const signers = workloadsOf(retail).filter(({ name }) => on(name, 'kms:Sign').length > 0);
  assert.deepEqual(
    signers.map(({ name }) => name),
    ['gate', 'robustness'],
  );
  assert.deepEqual(on('gate', 's3:PutObject'), ['arn:aws:s3:::millrace-prod-audit-123456789012-eu-central-1/*']);
  assert.deepEqual(on('gate', 'kafka-cluster:WriteData'), []);
});

test('a workload deletes under exactly the prefixes where it declares that, and the sweep of dead trainings writes nothing', () => {
  for (const { name, deletes = [] } of workloadsOf(retail))
    assert.deepEqual(on(name, 's3:DeleteObject'), sorted(prefixes(deletes)), name);
  assert.deepEqual(on('retrain', 's3:DeleteObject'), ['checkpoints/retail-recommender/*']);
  assert.deepEqual(on('sweep', 's3:DeleteObject'), ['releases/retail-recommender/*']);
  assert.deepEqual(on('sweep', 's3:PutObject'), []);
});

test('no workload reads a secret of the account: its passwords come to it as files', () => {
  for (const { name } of workloadsOf(retail)) assert.deepEqual(on(name, 'secretsmanager:GetSecretValue'), [], name);
});

test('the event log knows nobody but by the identity of its pods, and keeps no password', () => {
  const [brokers] = ofType(all, 'msk/Cluster');
  assert.deepEqual(brokers?.inputs.clientAuthentication, { sasl: { iam: true }, unauthenticated: false });
  assert.deepEqual(
    all.filter(({ type, inputs }) => /msk\/\w*scram/i.test(type) || String(inputs.name).startsWith('AmazonMSK')),
    [],
  );
});

test('KEDA sees ends and positions of this log, and neither reads nor writes a record', () => {
  const policy = ofType(all, 'iam/RolePolicy').find(({ name }) => name === 'lag')?.inputs.policy;
  const statements = statementsOf(policy);
  assert.deepEqual(statements.flatMap(({ Action }) => listOf(Action)).sort(), [
    'kafka-cluster:Connect',
    'kafka-cluster:DescribeGroup',
    'kafka-cluster:DescribeTopic',
  ]);
  for (const { Resource } of statements)
    for (const resource of listOf(Resource)) assert.match(resource, /:(cluster|topic|group)\/millrace-prod-log\//);
});

test('a connector has an identity of its own, which writes its topics and reads its state alone', async () => {
  const database = { ...CHANGE_CAPTURE.databases['shop-orders-db'], secretStore: undefined };
  const made = site({
    target: 'aws',
    environment: 'prod',
    usecases: [shop],
    dials: { changeCapture: { ...CHANGE_CAPTURE, databases: { 'shop-orders-db': database } } },
  });
  const deployed = await deploy(() => {
    const platform = awsPlatform(awsFoundation(PRODUCTION), PRODUCTION);
    awsUseCase(platform, shop, { topics: topicsFor(made, shop), connectors: connectorsOf(made, shop) });
  });
  const own = 'shop-orders-db-connect';
  const identity = ofType(deployed, 'eks/PodIdentityAssociation').find(({ name }) => name === own)?.inputs;
  assert.deepEqual([identity?.namespace, identity?.serviceAccount], ['millrace-ingestion', own]);
  const statements = statementsOf(ofType(deployed, 'iam/RolePolicy').find(({ name }) => name === own)?.inputs.policy);
  const topicsOf = (action: string) =>
    statements
      .filter(({ Action }) => listOf(Action).includes(action))
      .flatMap(({ Resource }) => listOf(Resource).map((resource) => resource.split('/').at(-1)));
  const state = ['config', 'offset', 'status'].map((part) => `shop.orders-db.connect-${part}`);
  assert.deepEqual(topicsOf('kafka-cluster:ReadData'), state);
  assert.deepEqual(topicsOf('kafka-cluster:WriteData'), [
    'shop.orders-db.public.product',
    'shop.orders-db.sales.store',
    'shop.heartbeat.shop.orders-db',
    ...state,
  ]);
  const topics = ofType(deployed, 'msk/Topic').filter(({ name }) => name.includes('orders-db'));
  assert.equal(topics.length, 6);
});

test('what a workload may list is what it may read', () => {
  for (const { name } of workloadsOf(retail)) {
    const list = grants(name).find(({ Sid }) => Sid === 'ListOwnPrefixes');
    const read = grants(name).find(({ Sid }) => Sid === 'ReadOwnPrefixes');
    assert.equal(list === undefined, read === undefined, name);
    if (list === undefined) continue;
    const prefixes = list.Condition?.StringLike?.['s3:prefix'] as readonly string[];
    assert.deepEqual(
      prefixes.map((prefix) => `${LAKE}/${prefix}`),
      listOf(read?.Resource),
      name,
    );
  }
});

test('every declared access that AWS rules over has a grant, and no grant is without a declared access', () => {
  const stores: Readonly<Record<string, (statement: Statement) => boolean>> = {
    log: ({ Sid }) => Sid === 'JoinLog',
    objects: ({ Sid }) => Sid === 'ReadOwnPrefixes',
    audit: ({ Sid }) => Sid === 'KeepAudit',
    keys: ({ Sid }) => Sid === 'WrapSubjectKeys',
  };
  for (const { name, reads, writes } of workloadsOf(retail)) {
    const declared = new Set([...reads, ...writes].map(({ store }) => (store === 'lake' ? 'objects' : store)));
    const given = Object.keys(stores).filter((store) => grants(name).some((statement) => stores[store]?.(statement)));
    assert.deepEqual(given.sort(), [...declared].filter((store) => store in stores).sort(), name);
  }
});

test('each workload has a role that its own service account takes', () => {
  for (const { name, layer } of workloadsOf(retail)) {
    const identity = ofType(all, 'eks/PodIdentityAssociation').find((resource) => resource.name === `retail-${name}`)?.inputs;
    assert.equal(identity?.namespace, namespaceOf(layer));
    assert.equal(identity?.serviceAccount, `retail-${name}`);
    const role = ofType(all, 'iam/Role').find((resource) => resource.name === `retail-${name}`)?.inputs;
    const [trust] = statementsOf(role?.assumeRolePolicy);
    assert.deepEqual(at(trust, 'Condition', 'StringEquals'), {
      'aws:RequestTag/kubernetes-namespace': namespaceOf(layer),
      'aws:RequestTag/kubernetes-service-account': `retail-${name}`,
      'aws:RequestTag/eks-cluster-name': 'millrace-prod-cluster',
    });
  }
});

test('the catalogue knows every lake table of the use case where the app writes it', () => {
  const locations = ofType(all, 'glue/CatalogTable').map(({ inputs }) => at(inputs, 'storageDescriptor', 'location'));
  const bucket = LAKE.replace('arn:aws:s3:::', 's3://');
  assert.ok(locations.includes(`${bucket}/lake/retail/click/`));
  assert.ok(locations.includes(`${bucket}/lake/retail/click_quarantine/`));
});
