import { at } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

const LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

export const clusterEndpoint: ResourceRule = {
  id: 'C01',
  name: 'governance-cluster-endpoint',
  layer: 'governance',
  severity: 'mandatory',
  title: 'EKS answers inside the network or to listed ranges, logs all five types, and encrypts secrets under our key',
  control: ['CIS EKS 2', 'CIS EKS 5.3', 'CIS EKS 5.4'],
  reason: 'Whoever reaches the control plane unseen owns everything that runs on it.',
  remediation: 'Use the defaults of the `Cluster` construct; list `adminRanges` where people must reach it.',
  kinds: ['aws:eks/cluster:Cluster'],
  checkResource: (cluster) => [...reach(cluster), ...logs(cluster), ...secrets(cluster)],
};

const fault = (cluster: Resource, property: string, expected: string, found: unknown = at(cluster, ...property.split('.'))) =>
  violation(clusterEndpoint, cluster, { property, found, expected });

function reach(cluster: Resource): readonly Violation[] {
  const open = at(cluster, 'vpcConfig', 'endpointPublicAccess');
  const ranges = at(cluster, 'vpcConfig', 'publicAccessCidrs');
  // AWS opens the endpoint, and to everyone, where nothing is said.
  const everyone = !Array.isArray(ranges) || ranges.length === 0 || ranges.some((range) => /\/0$/.test(String(range)));
  return [
    ...(at(cluster, 'vpcConfig', 'endpointPrivateAccess') === true
      ? []
      : [fault(cluster, 'vpcConfig.endpointPrivateAccess', 'true')]),
    ...(open === false || !everyone
      ? []
      : [fault(cluster, 'vpcConfig.publicAccessCidrs', 'ranges narrower than /0, or endpointPublicAccess false')]),
  ];
}

function logs(cluster: Resource): readonly Violation[] {
  const types = at(cluster, 'enabledClusterLogTypes');
  const lacking = LOGS.filter((type) => !Array.isArray(types) || !types.includes(type));
  return lacking.length === 0 ? [] : [fault(cluster, 'enabledClusterLogTypes', `${lacking.join(', ')} too`)];
}

function secrets(cluster: Resource): readonly Violation[] {
  const resources = at(cluster, 'encryptionConfig', 'resources');
  const key = at(cluster, 'encryptionConfig', 'provider', 'keyArn');
  if (Array.isArray(resources) && resources.includes('secrets') && key !== undefined && key !== '') return [];
  return [fault(cluster, 'encryptionConfig', 'resources [secrets] and the provider.keyArn of a key of ours')];
}
