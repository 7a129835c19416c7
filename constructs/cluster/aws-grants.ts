import { type Input, interpolate, type Output, output } from '@pulumi/pulumi';
import type { Access, WorkloadDeclaration } from '../../app/workloads.ts';
import { signsVerdicts } from '../governance/credentials.ts';
import { tablePrefix } from '../lake/aws-table.ts';
import type { Statement } from './aws-statement.ts';

interface Encrypted {
  readonly arn: Input<string>;
  readonly keyArn: Input<string>;
}

/** What the declared accesses lead to. */
export interface AwsStores {
  readonly lake: Encrypted;
  readonly audit: Encrypted;
  readonly log: { readonly arn: Input<string> };
  /** Wraps subjects' keys. */
  readonly subjectKeyArn: Input<string>;
  /** Signs in the gate's name. */
  readonly signingKeyArn: Input<string>;
}

/** What the keyring's master key is wrapped as (app/governance/keys/kms-wrapper.ts): nothing else is opened with that key. */
const WRAPPED_AS = { 'kms:EncryptionContext:millrace': 'master-key' } as const;

type Declared = Pick<WorkloadDeclaration, 'layer' | 'byPerson' | 'reads' | 'writes' | 'deletes'>;
type Stored<S extends Access['store']> = Extract<Access, { readonly store: S }>;

const of = <S extends Access['store']>(accesses: readonly Access[], store: S): readonly Stored<S>[] =>
  accesses.filter((access): access is Stored<S> => access.store === store);
const touches = (accesses: readonly Access[], store: Access['store']): boolean => of(accesses, store).length > 0;
const allow = (
  Sid: string,
  Action: readonly string[],
  Resource: Statement['Resource'] & {},
  Condition?: Statement['Condition'],
) => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) }) as const satisfies Statement;

/**
 * What a workload may do on AWS: what its code declares that it reads and writes, and nothing else. Passwords of the stores
 * that have users of their own come to it as files, so it reads no secret.
 */
export function grantsOf(declared: Declared, stores: AwsStores): Statement[] {
  const { reads, writes } = declared;
  const all = [...reads, ...writes];
  return [
    ...objects(declared, stores.lake),
    ...(touches(all, 'audit') ? audit(stores.audit, touches(writes, 'audit')) : []),
    ...log(reads, writes, stores.log.arn),
    ...(touches(all, 'keys')
      ? [allow('WrapSubjectKeys', ['kms:Decrypt', 'kms:Encrypt'], stores.subjectKeyArn, { StringEquals: WRAPPED_AS })]
      : []),
    // The gate alone signs, whatever else a workload declares.
    ...(signsVerdicts(declared) ? [allow('SignVerdicts', ['kms:GetPublicKey', 'kms:Sign'], stores.signingKeyArn)] : []),
  ];
}

function objects(declared: Declared, { arn, keyArn }: Encrypted): Statement[] {
  const prefixes = (accesses: readonly Access[]): readonly string[] => [
    ...new Set([
      ...of(accesses, 'lake').map(({ table }) => tablePrefix(table)),
      ...of(accesses, 'objects').map(({ prefix }) => prefix),
    ]),
  ];
  const written = prefixes(declared.writes);
  const deleted = prefixes(declared.deletes ?? []);
  // A commit reads the log of its table first, so what is written is read as well.
  const read = [...new Set([...prefixes(declared.reads), ...written])].sort();
  if (read.length === 0) return [];
  const under = (of: readonly string[]): Output<string>[] => of.map((prefix) => interpolate`${arn}/${prefix}*`);
  return [
    allow('ListOwnPrefixes', ['s3:ListBucket'], arn, { StringLike: { 's3:prefix': read.map((prefix) => `${prefix}*`) } }),
    allow('ReadOwnPrefixes', ['s3:GetObject'], under(read)),
    ...(written.length > 0
      ? [allow('WriteOwnPrefixes', ['s3:AbortMultipartUpload', 's3:PutObject'], under([...written].sort()))]
      : []),
    // Files go only where tables or releases are put in order; whoever adds rows or releases takes none away.
    ...(deleted.length > 0 ? [allow('DeleteOwnPrefixes', ['s3:DeleteObject'], under([...deleted].sort()))] : []),
    allow('UseLakeKey', ['kms:Decrypt', ...(written.length > 0 ? ['kms:GenerateDataKey'] : [])], keyArn),
  ];
}

const audit = ({ arn, keyArn }: Encrypted, writes: boolean): Statement[] => [
  allow('ListAudit', ['s3:ListBucket'], arn),
  allow('KeepAudit', ['s3:GetObject', ...(writes ? ['s3:PutObject'] : [])], interpolate`${arn}/*`),
  allow('UseAuditKey', ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])], keyArn),
];

/** For clients that show their identity instead of a password. Their rights are these, not the brokers' lists. */
function log(reads: readonly Access[], writes: readonly Access[], clusterArn: Input<string>): Statement[] {
  const read = of(reads, 'log');
  const written = of(writes, 'log');
  if (read.length + written.length === 0) return [];
  const within = (kind: 'topic' | 'group', names: readonly string[]): Output<string>[] =>
    [...new Set(names)].map((name) => output(clusterArn).apply((arn) => `${arn.replace(':cluster/', `:${kind}/`)}/${name}`));
  const groups = read.flatMap(({ group }) => (group === undefined ? [] : [group]));
  const names = (accesses: readonly { readonly topic: string }[]) => accesses.map(({ topic }) => topic);
  return [
    allow(
      'JoinLog',
      ['kafka-cluster:Connect', ...(written.length > 0 ? ['kafka-cluster:WriteDataIdempotently'] : [])],
      clusterArn,
    ),
    ...(read.length > 0
      ? [allow('ReadTopics', ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], within('topic', names(read)))]
      : []),
    ...(groups.length > 0
      ? [allow('FollowAsGroups', ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], within('group', groups))]
      : []),
    ...(written.length > 0
      ? [allow('WriteTopics', ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], within('topic', names(written)))]
      : []),
  ];
}
