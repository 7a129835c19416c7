import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

/** Longest that AWS offers for keys and secrets. */
const WINDOW = 30;
const STATEFUL = [
  'aws:s3/bucket:Bucket',
  'aws:rds/cluster:Cluster',
  'aws:rds/instance:Instance',
  'aws:kms/key:Key',
  'aws:msk/cluster:Cluster',
  'aws:dynamodb/table:Table',
  'aws:efs/fileSystem:FileSystem',
  'kubernetes:postgresql.cnpg.io/*',
  'kubernetes:kafka.strimzi.io/*',
  'kubernetes:core/v1:PersistentVolumeClaim',
] as const;
/** Of the operators' kinds, those that hold data. */
const OPERATED = ['Cluster', 'Kafka'];

export const protectedState: ResourceRule = {
  id: 'C06',
  name: 'governance-protected-state',
  layer: 'governance',
  severity: 'mandatory',
  title: 'In production, stateful resources are protected, and deletion windows are 30 days',
  control: ['SOC 2 A1.2'],
  reason: 'One `destroy` in the wrong stack ends the company.',
  remediation: 'Leave `protect` as the construct sets it; to take a store away, unprotect it alone, under review.',
  kinds: [...STATEFUL, 'aws:secretsmanager/secret:Secret'],
  checkResource: (resource, { environment }) => (environment === 'prod' ? [...protection(resource), ...deletion(resource)] : []),
};

const fault = (resource: Resource, property: string, expected: string, found: unknown = at(resource, property)) =>
  violation(protectedState, resource, { property, found, expected });

function protection(resource: Resource): readonly Violation[] {
  if (kindOf(resource) === 'Secret') return [];
  if (/^kubernetes:(postgresql|kafka)/.test(resource.type) && !OPERATED.includes(kindOf(resource))) return [];
  if (resource.protect === true) return [];
  return [fault(resource, '', 'a resource with the option `protect`', 'unprotected')];
}

function deletion(resource: Resource): readonly Violation[] {
  const window = (property: string) => {
    const days = at(resource, property);
    return days === undefined || (typeof days === 'number' && days >= WINDOW)
      ? []
      : [fault(resource, property, `${WINDOW} days or more`)];
  };
  const on = (property: string) => (at(resource, property) === true ? [] : [fault(resource, property, 'true')]);
  switch (resource.type) {
    case 'aws:kms/key:Key':
      return window('deletionWindowInDays');
    case 'aws:secretsmanager/secret:Secret':
      return window('recoveryWindowInDays');
    case 'aws:rds/cluster:Cluster':
    case 'aws:rds/instance:Instance':
      return on('deletionProtection');
    case 'aws:dynamodb/table:Table':
      return on('deletionProtectionEnabled');
    case 'aws:s3/bucket:Bucket':
      return at(resource, 'forceDestroy') === true ? [fault(resource, 'forceDestroy', 'false')] : [];
    default:
      return [];
  }
}
