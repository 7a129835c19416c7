import { COST_CENTRE, DATA_CLASS, ENVIRONMENT, OWNER } from '../../app/usecases/annotations.ts';
import { failures } from '../evaluate.ts';
import { all, any, label, object, podMetadata, present, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import type { ResourceRule } from '../rule.ts';
import { violation } from '../violation.ts';

const WORDS = [OWNER, ENVIRONMENT, COST_CENTRE, DATA_CLASS] as const;

/** Resources of AWS that cost, or that hold data, and take tags. */
const TAGGABLE = [
  'aws:ec2/instance:Instance',
  'aws:ec2/launchTemplate:LaunchTemplate',
  'aws:ec2/natGateway:NatGateway',
  'aws:ec2/vpc:Vpc',
  'aws:ecr/repository:Repository',
  'aws:eks/cluster:Cluster',
  'aws:eks/nodeGroup:NodeGroup',
  'aws:elasticache/replicationGroup:ReplicationGroup',
  'aws:kms/key:Key',
  'aws:msk/cluster:Cluster',
  'aws:rds/cluster:Cluster',
  'aws:rds/instance:Instance',
  'aws:s3/bucket:Bucket',
  'aws:s3/bucketV2:BucketV2',
];

const inCluster = all(
  ...WORDS.map((word) => said('a label', any(present(label(word)), present(podMetadata.at('labels', word))))),
);
/** `tagsAll` holds those of the provider's defaults too. */
const onAws = all(
  ...WORDS.map((word) => said('a tag', any(present(object.at('tags', word)), present(object.at('tagsAll', word))))),
);

export const costLabels: ResourceRule = {
  id: 'F01',
  name: 'governance-cost-labels',
  layer: 'governance',
  severity: 'advisory',
  title: 'Owner, environment, cost centre and class of data stand on whatever costs or holds data',
  control: ['FinOps: allocation'],
  reason: 'What has no owner has no budget, and nobody turns it off.',
  remediation: `Set \`owner\` and \`costCentre\` of the stack; the constructs write ${WORDS.join(', ')}.`,
  kinds: [...WORKLOAD_KINDS, 'kubernetes:core/v1:PersistentVolumeClaim', ...TAGGABLE],
  object: () => inCluster,
  checkResource: (resource) =>
    failures(resource.type.startsWith('aws:') ? onAws : inCluster, resource.props).map((failure) =>
      violation(costLabels, resource, failure),
    ),
};
