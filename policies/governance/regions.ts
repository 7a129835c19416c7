import { at, kindOf, ofKind } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

const REGION_KEYS = ['region', 'regionName', 'replicaRegion'];
const ARN_REGION = /^arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):/;
const ZONE = /^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$/;

export const regions: StackRule = {
  id: 'C07',
  name: 'governance-regions',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Everything stands in allowed regions, and no replica of personal data outside of them',
  control: ['GDPR Art. 44 ff.'],
  reason: 'A copy in another country is a transfer to it.',
  remediation: 'Set `aws:region` and `regions:` to where the data may be, and take the replica away.',
  kinds: ['aws:*', 'pulumi:providers:aws'],
  checkStack: (resources, context) =>
    resources
      .filter(({ type }) => type.startsWith('aws:') || type === 'pulumi:providers:aws')
      .flatMap((resource) => [...named(resource, context), ...replicas(resource, resources)]),
};

/** Every region that a resource's inputs name, as such, in an ARN that it copies to, or by a zone. */
function named(resource: Resource, { config }: Context): readonly Violation[] {
  const found: Violation[] = [];
  const check = (region: string | undefined, value: string, property: string) => {
    if (region === undefined || config.regions.includes(region)) return;
    found.push(violation(regions, resource, { property, found: value, expected: `one of ${config.regions.join(', ')}` }));
  };
  const walk = (value: unknown, path: string, key: string): void => {
    if (typeof value === 'string') {
      if (REGION_KEYS.includes(key) && /^[a-z]{2}(-[a-z]+)+-\d$/.test(value)) check(value, value, path);
      if (/^(destinationVaultArn|replicateSourceDb|sourceRegion|globalReplicationGroupId|primaryKeyArn|kmsKeyArn)$/.test(key))
        check(ARN_REGION.exec(value)?.[1], value, path);
      if (key === 'availabilityZone') check(ZONE.exec(value)?.[1], value, path);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      const index = Array.isArray(value);
      walk(member, index ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`, index ? key : name);
    }
  };
  walk(resource.props, '', '');
  return found;
}

/** Ways that AWS copies data by itself: only to buckets of this stack, and no keys that open data elsewhere. */
function replicas(resource: Resource, resources: readonly Resource[]): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) => [
    violation(regions, resource, { property, found, expected }),
  ];
  if (kindOf(resource) === 'BucketReplicationConfig') {
    const own = ofKind(resources, 'Bucket').map((bucket) => `arn:aws:s3:::${String(at(bucket, 'bucket')?.toString())}`);
    const rules = at(resource, 'rules');
    if (!Array.isArray(rules)) return [];
    return rules.flatMap((rule: Record<string, Record<string, unknown> | undefined>, index) => {
      const bucket = rule['destination']?.['bucket'];
      return typeof bucket === 'string' && own.includes(bucket)
        ? []
        : fault(`rules[${index}].destination.bucket`, bucket, 'a bucket of this stack, whose region is known');
    });
  }
  if (resource.type === 'aws:kms/key:Key' && at(resource, 'multiRegion') === true) return fault('multiRegion', true, 'false');
  if (resource.type === 'aws:kms/replicaKey:ReplicaKey') return fault('', 'a replica of a key', 'keys of one region');
  return [];
}
