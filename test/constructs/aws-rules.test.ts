import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsFoundation } from '../../constructs/aws.ts';
import { groupsOf } from '../../constructs/governance/roles.ts';
import { ACCOUNT, deploy, PRODUCTION } from './aws-account.ts';
import { at, deployAll, listOf, ofType, statementsOf } from './aws-program.ts';

const all = await deployAll(PRODUCTION);
const one = (short: string, name?: string) => {
  const found = ofType(all, short).find((resource) => name === undefined || resource.name === name);
  assert.ok(found !== undefined, `${short} ${name}`);
  return found.inputs;
};
const keyOf = (part: string) => `arn:aws:kms:eu-central-1:123456789012:key/${part}`;

test('C01: the Kubernetes API answers inside the network only, writes every log, and encrypts secrets under a key of ours', () => {
  const cluster = one('eks/Cluster');
  assert.equal(at(cluster, 'vpcConfig', 'endpointPrivateAccess'), true);
  assert.equal(at(cluster, 'vpcConfig', 'endpointPublicAccess'), false);
  assert.deepEqual(cluster.enabledClusterLogTypes, ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']);
  assert.deepEqual(cluster.encryptionConfig, { provider: { keyArn: keyOf('cluster') }, resources: ['secrets'] });
});

test('C01: who administers and has a role beside it is known to the cluster once, and who has two roles as well', async () => {
  const [administrator = ''] = PRODUCTION.administrators;
  const engineer = `arn:aws:iam::${ACCOUNT}:role/engineer`;
  const groups = groupsOf({ auditor: [administrator, engineer], 'ml-engineer': [engineer] });
  const deployed = await deploy(() => void awsFoundation({ ...PRODUCTION, groups }));
  const entries = ofType(deployed, 'eks/AccessEntry').map(({ inputs }) => [inputs.principalArn, inputs.kubernetesGroups]);
  assert.deepEqual(entries, [
    [administrator, ['millrace:auditor']],
    [engineer, ['millrace:auditor', 'millrace:ml-engineer']],
  ]);
});

test('C01: administrators on the internet reach the public endpoint, those behind a link the private one, and nobody else', async () => {
  const open = await deploy(() => {
    awsFoundation({ ...PRODUCTION, adminRanges: ['198.51.100.0/24', '10.8.0.0/16'] });
  });
  const [cluster] = ofType(open, 'eks/Cluster');
  assert.equal(at(cluster?.inputs, 'vpcConfig', 'endpointPublicAccess'), true);
  assert.deepEqual(at(cluster?.inputs, 'vpcConfig', 'publicAccessCidrs'), ['198.51.100.0/24']);
  const api = ofType(open, 'vpc/SecurityGroupIngressRule').find(({ name }) => name === 'cluster-api-1')?.inputs;
  assert.deepEqual([api?.securityGroupId, api?.cidrIpv4, api?.fromPort, api?.toPort], ['sg-cluster', '10.8.0.0/16', 443, 443]);
});

test('C01: with private ranges alone the public endpoint stays closed', async () => {
  const linked = await deploy(() => {
    awsFoundation({ ...PRODUCTION, adminRanges: ['10.8.0.0/16'] });
  });
  assert.equal(at(ofType(linked, 'eks/Cluster')[0]?.inputs, 'vpcConfig', 'endpointPublicAccess'), false);
});

test('C02: nodes are private, ask for tokens at one hop, and have encrypted disks', () => {
  const [nodes, templates] = [ofType(all, 'eks/NodeGroup'), ofType(all, 'ec2/LaunchTemplate')];
  for (const { name, inputs } of nodes) {
    assert.deepEqual(inputs.subnetIds, ['network-nodes-1-id', 'network-nodes-2-id', 'network-nodes-3-id'], name);
    assert.equal(at(inputs, 'launchTemplate', 'id'), `${name}-id`);
  }
  for (const { name, inputs } of templates) {
    assert.deepEqual(
      inputs.metadataOptions,
      { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      name,
    );
    for (const disk of inputs.blockDeviceMappings as readonly unknown[]) assert.equal(at(disk, 'ebs', 'encrypted'), 'true', name);
  }
  for (const { name, inputs } of ofType(all, 'ec2/Subnet')) assert.equal(inputs.mapPublicIpOnLaunch, false, name);
});

test('C03: no key of a user, and no statement that allows everything or every action of a service on everything', () => {
  assert.deepEqual(
    all.filter(({ type }) => /iam\/(user|accessKey)/.test(type)),
    [],
  );
  for (const { name, inputs } of ofType(all, 'iam/RolePolicy')) {
    for (const { Sid, Action, Resource, Effect } of statementsOf(inputs.policy)) {
      assert.equal(Effect, 'Allow');
      for (const action of listOf(Action)) assert.match(action, /^[a-z0-9-]+:[A-Za-z]+$/, `${name} ${Sid}: no wildcard action`);
      // Describing instances and groups is all that AWS grants on no less than everything.
      const onAll = listOf(Resource).includes('*');
      if (onAll) for (const action of listOf(Action)) assert.match(action, /^(autoscaling|ec2):(Describe|Get)/, `${name} ${Sid}`);
    }
  }
});

test('C03: a role is taken by pods of one service account, or by a service of AWS for this account', () => {
  for (const { name, inputs } of ofType(all, 'iam/Role')) {
    const [trust, ...more] = statementsOf(inputs.assumeRolePolicy);
    assert.equal(more.length, 0, name);
    const service = String(at(trust?.Principal, 'Service'));
    assert.match(service, /^[a-z0-9-]+(\.[a-z]+)?\.amazonaws\.com$/, name);
    const conditions = Object.keys(trust?.Condition?.StringEquals ?? {});
    if (service === 'pods.eks.amazonaws.com')
      assert.deepEqual(
        conditions.slice(0, 2),
        ['aws:RequestTag/kubernetes-namespace', 'aws:RequestTag/kubernetes-service-account'],
        name,
      );
    else if (service !== 'ec2.amazonaws.com') assert.deepEqual(conditions, ['aws:SourceAccount'], name);
  }
});

test('every group of logs is kept for a time, under a key of ours, and none is left to a service to make', () => {
  const groups = ofType(all, 'cloudwatch/LogGroup');
  for (const { name, inputs } of groups) {
    assert.equal(inputs.kmsKeyId, keyOf('logs'), name);
    assert.ok(Number(inputs.retentionInDays) > 0, name);
  }
  const names = groups.map(({ inputs }) => inputs.name);
  for (const kind of one('rds/Instance').enabledCloudwatchLogsExports as readonly string[])
    assert.ok(names.includes(`/aws/rds/instance/millrace-prod-registry/${kind}`), kind);
  assert.ok(names.includes('/aws/eks/millrace-prod-cluster/cluster'));
});

test('pods reach every service of AWS inside the network, S3 among them, and of its buckets this account’s alone', () => {
  const endpoints = ofType(all, 'ec2/VpcEndpoint');
  assert.deepEqual([...new Set(endpoints.map(({ inputs }) => inputs.vpcEndpointType))], ['Interface']);
  for (const { name, inputs } of endpoints) assert.equal(inputs.privateDnsEnabled, true, name);
  const s3 = one('ec2/VpcEndpoint', 'network-endpoints-s3');
  assert.deepEqual(s3.dnsOptions, { privateDnsOnlyForInboundResolverEndpoint: false });
  const [own, layers] = statementsOf(s3.policy);
  assert.deepEqual(own?.Condition, { StringEquals: { 'aws:ResourceAccount': '123456789012' } });
  assert.deepEqual(listOf(layers?.Action), ['s3:GetObject']);
});

test('C04: the event log has TLS and names on every listener, a key of ours, three zones and no automatic topics', () => {
  const log = one('msk/Cluster');
  assert.deepEqual(log.encryptionInfo, {
    encryptionAtRestKmsKeyArn: keyOf('log'),
    encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
  });
  assert.deepEqual(log.clientAuthentication, { sasl: { iam: true }, unauthenticated: false });
  assert.equal(at(log, 'brokerNodeGroupInfo', 'connectivityInfo', 'publicAccess', 'type'), 'DISABLED');
  assert.equal(new Set(at(log, 'brokerNodeGroupInfo', 'clientSubnets') as string[]).size, 3);
  const properties = String(one('msk/Configuration').serverProperties).trim().split('\n');
  for (const line of [
    'auto.create.topics.enable=false',
    'allow.everyone.if.no.acl.found=false',
    'default.replication.factor=3',
    'min.insync.replicas=2',
    'unclean.leader.election.enable=false',
  ])
    assert.ok(properties.includes(line), line);
  for (const { name, inputs } of ofType(all, 'msk/Topic')) {
    assert.equal(inputs.replicationFactor, 3, name);
    assert.equal(at(JSON.parse(String(inputs.configs)), 'min.insync.replicas'), '2', name);
  }
});

test('C04: the online store has TLS, users, a key of ours and copies in several zones', () => {
  const online = one('elasticache/ReplicationGroup');
  assert.deepEqual(
    [online.engine, online.transitEncryptionEnabled, online.transitEncryptionMode, online.atRestEncryptionEnabled],
    ['valkey', true, 'required', true],
  );
  assert.deepEqual([online.multiAzEnabled, online.automaticFailoverEnabled, online.numCacheClusters], [true, true, 3]);
  assert.equal(online.kmsKeyId, keyOf('online'));
  assert.deepEqual(online.userGroupIds, ['millrace-prod-online']);
  for (const { name, inputs } of ofType(all, 'elasticache/User')) assert.match(String(inputs.accessString), /-@dangerous$/, name);
});

test('stores let nodes in on their own ports, nothing from an address range, and have no way out', () => {
  for (const { name, inputs } of ofType(all, 'vpc/SecurityGroupIngressRule')) {
    if (name === 'network-endpoints') assert.equal(inputs.cidrIpv4, PRODUCTION.cidr);
    else assert.deepEqual([inputs.referencedSecurityGroupId, inputs.cidrIpv4], ['sg-cluster', undefined], name);
    assert.equal(inputs.fromPort, inputs.toPort, name);
  }
  assert.equal(
    all.some(({ type }) => type.includes('securityGroupEgressRule')),
    false,
  );
  const routes = ofType(all, 'ec2/Route').map(({ inputs }) => inputs.routeTableId);
  assert.equal(routes.includes('network-stores-id'), false);
});

test('F02: the GPU pool starts from zero, ends at its ceiling, is tainted, and a budget stands on the tag of its nodes', () => {
  const pool = one('eks/NodeGroup', 'cluster-gpu');
  assert.deepEqual(pool.scalingConfig, { minSize: 0, desiredSize: 0, maxSize: 3 });
  assert.deepEqual(pool.taints, [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NO_SCHEDULE' }]);
  assert.equal(at(pool, 'labels', 'millrace.dev/pool'), 'gpu');
  const budget = one('budgets/Budget');
  const [filter] = at(budget, 'costFilters', 0, 'values') as readonly string[];
  const tags = at(one('ec2/LaunchTemplate', 'cluster-gpu'), 'tagSpecifications', 0, 'tags');
  assert.equal(filter, `user:millrace.dev/pool$${at(tags, 'millrace.dev/pool')}`);
  assert.equal(budget.limitAmount, '900');
  assert.deepEqual(at(budget, 'notifications', 0, 'subscriberEmailAddresses'), ['platform@example.org']);
});

test('F02: without GPU nodes there is neither a pool nor a budget', async () => {
  const none = await deploy(() => {
    awsFoundation({ ...PRODUCTION, gpu: { ...PRODUCTION.gpu, maxNodes: 0, monthlyBudget: 0 } });
  });
  assert.deepEqual(
    none.flatMap(({ name }) => (/gpu/.test(name) ? [name] : [])),
    [],
  );
});
