import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chart } from 'cdk8s';
import fc from 'fast-check';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type Access, type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { platformChart, useCaseChart } from '../../constructs/ingestion/charts.ts';
import { consumer } from '../../constructs/ingestion/consumer.ts';
import { topicsFor } from '../../constructs/ingestion/topics.ts';
import { aclsOf, principalsOf } from '../../constructs/ingestion/users.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const platform = (variant?: Variant) => manifests((app) => platformChart(app, site(variant)));
const usecase = (variant?: Variant) => manifests((app) => useCaseChart(app, site(variant), retail));

test('the platform’s manifests are the ones we reviewed', (t) => {
  t.assert.snapshot(platform());
});

test('a use case’s manifests are the ones we reviewed', (t) => {
  t.assert.snapshot(usecase());
});

test('every listener has TLS and names its users, and no topic is made on the fly', () => {
  const { spec } = named(platform(), 'Kafka', 'millrace');
  for (const listener of spec.kafka.listeners) {
    assert.equal(listener.tls, true);
    assert.equal(listener.authentication.type, 'scram-sha-512');
    assert.ok(listener.networkPolicyPeers.length > 0, 'an empty list would let everyone in');
  }
  assert.equal(spec.kafka.authorization.type, 'simple');
  assert.equal(String(spec.kafka.config['auto.create.topics.enable']), 'false');
  assert.equal(String(spec.kafka.config['unclean.leader.election.enable']), 'false');
});

test('the disks of brokers and controllers belong to the group of their user', () => {
  const pools = ofKind(platform(), 'KafkaNodePool');
  assert.equal(pools.length, 2);
  for (const { metadata, spec } of pools) assert.equal(spec.template.pod.securityContext.fsGroup, 0, metadata.name);
});

test('the network of the brokers is opened by a label that they and pods of this chart carry', () => {
  const { podSelector } = named(platform(), 'NetworkPolicy', 'kafka').spec;
  assert.deepEqual(podSelector.matchLabels, { 'millrace.dev/layer': 'ingestion' });
  for (const { spec } of ofKind(platform(), 'KafkaNodePool'))
    assert.equal(spec.template.pod.metadata.labels['millrace.dev/layer'], 'ingestion');
});

test('outside dev a broker may be lost: three of them, three copies, two in step', () => {
  const objects = platform();
  assert.equal(named(objects, 'KafkaNodePool', 'controller').spec.replicas, 3);
  assert.ok(named(objects, 'KafkaNodePool', 'broker').spec.replicas >= 3);
  const { config } = named(objects, 'Kafka', 'millrace').spec.kafka;
  assert.deepEqual([config['default.replication.factor'], config['min.insync.replicas']], [3, 2]);
  for (const { spec } of ofKind(usecase(), 'KafkaTopic')) {
    assert.equal(spec.replicas, 3);
    assert.equal(spec.config['min.insync.replicas'], '2');
  }
});

test('topics have the partitions of the plan and live no longer than the definition allows', () => {
  const made = site({ dials: { load: { dailyUsers: 5_000_000, eventsPerUser: 50, peakFactor: 5, retentionDays: 3_000 } } });
  for (const { name, partitions, config } of topicsFor(made, retail)) {
    assert.equal(partitions, made.plan.usecases.retail?.partitions[name]?.value, name);
    assert.ok(Number(config['retention.ms']) <= 400 * 86_400_000, name);
  }
});

test('each principal may do what its workload declares, by full name, and nothing else', () => {
  const users = ofKind(usecase(), 'KafkaUser');
  assert.deepEqual(
    users.map(({ metadata }) => metadata.name).sort(),
    principalsOf(retail)
      .map(({ name }) => `retail-${name}`)
      .sort(),
  );
  for (const { spec } of users) {
    assert.equal(spec.authentication.type, 'scram-sha-512');
    for (const { resource, operations } of spec.authorization.acls) {
      assert.equal(resource.patternType, 'literal');
      assert.match(resource.name, /^retail\.[a-z.]+$/);
      assert.ok(!operations.includes('All'));
    }
  }
});

const access = (topic: string, group?: string): Access => ({ store: 'log', topic, ...(group === undefined ? {} : { group }) });
const topicName = fc.constantFrom('a.one', 'a.two', 'a.three', 'a.four');

test('a topic that leaves a declaration leaves the access list, for any declaration', () => {
  fc.assert(
    fc.property(fc.uniqueArray(topicName), fc.uniqueArray(topicName), topicName, (reads, writes, gone) => {
      const declared = { reads: reads.map((topic) => access(topic, 'a.group')), writes: writes.map((topic) => access(topic)) };
      const without = {
        reads: declared.reads.filter((one) => one.store !== 'log' || one.topic !== gone),
        writes: declared.writes.filter((one) => one.store !== 'log' || one.topic !== gone),
      };
      const before = aclsOf(declared).filter(({ resource }) => resource.name !== gone);
      const after = aclsOf(without);
      assert.ok(after.every(({ resource }) => resource.name !== gone));
      const topics = (acls: typeof after) => acls.filter(({ resource }) => resource.type === 'topic');
      assert.deepEqual(topics(after), topics(before));
      assert.equal(
        after.some(({ resource }) => resource.type === 'group'),
        without.reads.length > 0,
      );
    }),
  );
});

test('reading is not writing, and a group comes with what is read within it', () => {
  assert.deepEqual(aclsOf({ reads: [access('a.one', 'a.group')], writes: [access('a.two')] }), [
    {
      type: 'allow',
      resource: { type: 'topic', name: 'a.one', patternType: 'literal' },
      operations: ['Describe', 'Read'],
      host: '*',
    },
    {
      type: 'allow',
      resource: { type: 'group', name: 'a.group', patternType: 'literal' },
      operations: ['Describe', 'Read'],
      host: '*',
    },
    {
      type: 'allow',
      resource: { type: 'topic', name: 'a.two', patternType: 'literal' },
      operations: ['Describe', 'Write'],
      host: '*',
    },
  ]);
});

test('consumers grow with their lag, from the plan’s least to no more than the partitions', () => {
  const consumers = workloadsOf(retail).filter(({ kind, single }) => kind === 'consumer' && single !== true);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30_000_000 }), (dailyUsers) => {
      const made = site({ dials: { load: { dailyUsers, eventsPerUser: 30, peakFactor: 4, retentionDays: 7 } } });
      for (const declaration of consumers) {
        const [scaled] = ofKind(scaledBy(made, declaration), 'ScaledObject');
        const partitions = (declaration.consumes ?? []).map(
          ({ topic }) => made.plan.usecases.retail?.partitions[topic]?.value ?? 0,
        );
        assert.ok(scaled?.spec.minReplicaCount >= 1);
        assert.ok(scaled?.spec.maxReplicaCount >= scaled?.spec.minReplicaCount);
        assert.ok(scaled?.spec.maxReplicaCount <= Math.max(...partitions), declaration.name);
      }
    }),
    { numRuns: 15 },
  );
});

const scaledBy = (made: ReturnType<typeof site>, declaration: WorkloadDeclaration) =>
  manifests((app) => {
    const chart = new Chart(app, 'one');
    consumer(chart, { site: made, usecase: retail, declaration, priority: 'ingestion' });
    return chart;
  });

test('lag is read with the workload’s own password, for each topic it follows', () => {
  const sink = workloadsOf(retail).find(({ name }) => name === 'sink') as WorkloadDeclaration;
  const objects = scaledBy(site(), sink);
  assert.deepEqual(
    named(objects, 'ScaledObject', 'retail-sink').spec.triggers.map(
      ({ metadata }: { metadata: { topic: string } }) => metadata.topic,
    ),
    ['retail.click', 'retail.prediction'],
  );
  const { secretTargetRef } = named(objects, 'TriggerAuthentication', 'retail-sink').spec;
  assert.ok(secretTargetRef.every(({ name }: { name: string }) => name === 'retail-sink-log'));
  assert.equal(named(objects, 'Deployment', 'retail-sink').spec.replicas, undefined);
});

test('the collector’s caps are said once and are those of its container', () => {
  const { metadata, spec } = named(usecase(), 'Deployment', 'retail-collector');
  const caps = metadata.annotations?.['millrace.dev/rate-caps'];
  assert.equal(caps, 'user=600,session=600,address=6000');
  const env: readonly { name: string; value: string }[] = spec.template.spec.containers[0].env;
  assert.equal(env.find(({ name }) => name === 'MILLRACE_RATE_CAPS')?.value, caps);
});

test('where the cloud keeps the log, topics and users are its own resources', () => {
  const aws = { target: 'aws', environment: 'prod' } as const;
  assert.deepEqual(platform(aws), []);
  assert.deepEqual([...ofKind(usecase(aws), 'KafkaTopic'), ...ofKind(usecase(aws), 'KafkaUser')], []);
  const sink = workloadsOf(retail).find(({ name }) => name === 'sink') as WorkloadDeclaration;
  const objects = scaledBy(site(aws), sink);
  assert.deepEqual(named(objects, 'TriggerAuthentication', 'retail-sink').spec, { podIdentity: { provider: 'aws' } });
  for (const { type, metadata } of named(objects, 'ScaledObject', 'retail-sink').spec.triggers) {
    // Another trigger, apache-kafka, calls the same way of login by another name.
    assert.equal(type, 'kafka');
    assert.deepEqual(
      [metadata.sasl, metadata.saslTokenProvider, metadata.awsRegion, metadata.tls],
      ['oauthbearer', 'aws_msk_iam', 'eu-central-1', 'enable'],
    );
  }
  const [container] = named(objects, 'Deployment', 'retail-sink').spec.template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
  assert.deepEqual([env.MILLRACE_LOG_MECHANISM, env.MILLRACE_LOG_PASSWORD_FILE], ['aws-iam', undefined]);
  const agent = named(objects, 'NetworkPolicy', 'retail-sink').spec.egress.at(-2);
  assert.deepEqual([agent.to, agent.ports[0].port], [[{ ipBlock: { cidr: '169.254.170.23/32' } }], 80]);
});
