import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsFoundation } from '../../constructs/aws.ts';
import { deploy, PRODUCTION } from './aws-account.ts';
import { at, listOf, ofType, statementsOf } from './aws-program.ts';

const all = await deploy(() => {
  awsFoundation({ ...PRODUCTION, nodes: 'karpenter' });
});
const cluster = 'millrace-prod-cluster';
const owned = `kubernetes.io/cluster/${cluster}`;

test('Karpenter runs on three nodes that it does not make, and makes the GPU nodes itself under the same budget', () => {
  const [pool, ...more] = ofType(all, 'eks/NodeGroup');
  assert.deepEqual([pool?.name, more.length], ['cluster-cpu', 0]);
  assert.deepEqual(pool?.inputs.scalingConfig, { minSize: 3, desiredSize: 3, maxSize: 3 });
  assert.equal(ofType(all, 'budgets/Budget').length, 1);
});

test('it finds the subnets of nodes and the group of the cluster by their tag, and no other subnet', () => {
  const tagged = ofType(all, 'ec2/Subnet').filter(({ inputs }) => at(inputs, 'tags', 'karpenter.sh/discovery') === cluster);
  assert.deepEqual(
    tagged.map(({ name }) => name),
    ['network-nodes-1', 'network-nodes-2', 'network-nodes-3'],
  );
  const [tag] = ofType(all, 'ec2/Tag');
  assert.deepEqual(tag?.inputs, { key: 'karpenter.sh/discovery', value: cluster, resourceId: 'sg-cluster' });
});

test('its nodes may join the cluster', () => {
  const entry = ofType(all, 'eks/AccessEntry').find(({ name }) => name === 'karpenter')?.inputs;
  assert.deepEqual(
    [entry?.type, entry?.principalArn],
    ['EC2_LINUX', 'arn:aws:iam::123456789012:role/millrace-prod-karpenter-node'],
  );
});

test('it changes and ends only what carries the tags of this cluster', () => {
  const policy = ofType(all, 'iam/RolePolicy').find(({ name }) => name === 'karpenter')?.inputs.policy;
  const statements = statementsOf(policy);
  assert.ok(statements.length > 10);
  for (const { Sid, Action, Resource, Condition } of statements) {
    for (const action of listOf(Action)) {
      assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, Sid);
      const changes = /:(Terminate|Delete|Create|Add|Remove|Tag)/.test(action) && !action.startsWith('sqs:');
      if (!changes || Sid === 'UseWhatIsThere') continue;
      const tags = Object.entries(Condition?.StringEquals ?? {}).filter(([key]) => key.endsWith(`Tag/${owned}`));
      assert.deepEqual(
        tags.map(([, value]) => value),
        ['owned'],
        `${Sid} ${action}`,
      );
    }
    if (listOf(Resource).includes('*'))
      for (const action of listOf(Action)) assert.match(action, /^(ec2:Describe|pricing:Get)/, `${Sid} ${action}`);
  }
});

test('it passes one role, to machines only', () => {
  const policy = ofType(all, 'iam/RolePolicy').find(({ name }) => name === 'karpenter')?.inputs.policy;
  const pass = statementsOf(policy).filter(({ Action }) => listOf(Action).includes('iam:PassRole'));
  assert.deepEqual(
    pass.map(({ Resource, Condition }) => [Resource, Condition]),
    [
      [
        'arn:aws:iam::123456789012:role/millrace-prod-karpenter-node',
        { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
      ],
    ],
  );
});

test('it hears of nodes that go, by an encrypted queue that only rules of this account write', () => {
  const [queue] = ofType(all, 'sqs/Queue');
  assert.equal(queue?.inputs.sqsManagedSseEnabled, true);
  const [send] = statementsOf(ofType(all, 'sqs/QueuePolicy')[0]?.inputs.policy);
  assert.deepEqual(send?.Condition, { StringEquals: { 'aws:SourceAccount': '123456789012' } });
  assert.equal(ofType(all, 'cloudwatch/EventRule').length, 4);
});

test('no autoscaler of node groups has rights beside it', () => {
  assert.equal(
    all.some(({ name }) => name === 'autoscaler'),
    false,
  );
});
