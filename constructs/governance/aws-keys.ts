import { Alias } from '@pulumi/aws/kms/alias.js';
import { Key } from '@pulumi/aws/kms/key.js';
import { type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import type { DataClass } from '../../app/usecases/field.ts';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from '../cluster/aws-component.ts';
import { policyDocument, type Statement } from '../cluster/aws-statement.ts';

/** The longest that AWS offers: a key that was deleted by mistake can be called back for so long. */
export const DELETION_WINDOW_DAYS = 30;

const ADMINISTER = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:GetPublicKey',
  'kms:ListAliases',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
] as const;

const ENCRYPT = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:ReEncrypt*',
] as const;
const SIGN = ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign', 'kms:Verify'] as const;

export interface AwsKeyProps {
  /** Part of its alias `alias/millrace-<environment>-<part>`. */
  readonly part: string;
  readonly description: string;
  readonly holds: DataClass;
  /** `sign` makes an Ed25519 pair, whose private half never leaves KMS. @default 'encrypt' */
  readonly use?: 'encrypt' | 'sign';
  /** More than this account's identities, e.g. a service of AWS that writes logs. */
  readonly statements?: readonly Statement[];
}

/**
 * One key for one purpose, turned every year. Its policy names this account and nobody else: who of the account may use it is
 * said by each identity's own policy.
 */
export class AwsKey extends AwsComponent {
  readonly arn: Output<string>;
  readonly keyId: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsKeyProps, options?: ComponentResourceOptions) {
    super('governance:AwsKey', name, scope, props.holds, options);
    const signing = props.use === 'sign';
    const account = { AWS: interpolate`arn:${partitionOf(scope.region)}:iam::${scope.accountId}:root` };
    // In a key's policy `*` is this key.
    const allow = (Sid: string, Action: readonly string[]): Statement => ({
      Sid,
      Effect: 'Allow',
      Principal: account,
      Action,
      Resource: '*',
    });
    const key = new Key(
      name,
      {
        description: props.description,
        deletionWindowInDays: DELETION_WINDOW_DAYS,
        ...(signing
          ? { keyUsage: 'SIGN_VERIFY', customerMasterKeySpec: 'ECC_NIST_EDWARDS25519' }
          : { keyUsage: 'ENCRYPT_DECRYPT', enableKeyRotation: true }),
        policy: policyDocument([
          allow('AccountAdministersKey', ADMINISTER),
          allow('IdentitiesWithPermissionUseKey', signing ? SIGN : ENCRYPT),
          ...(props.statements ?? []),
        ]),
      },
      this.stateful,
    );
    new Alias(name, { name: `alias/${physicalName(scope, props.part)}`, targetKeyId: key.keyId }, this.own);
    this.arn = key.arn;
    this.keyId = key.keyId;
    this.registerOutputs({ arn: this.arn });
  }
}

/** Lets CloudWatch encrypt the log groups of this environment. */
const logsMayUseKey = ({ region, accountId }: AwsScope): Statement => ({
  Sid: 'LogsUseKey',
  Effect: 'Allow',
  Principal: { Service: `logs.${region}.amazonaws.com` },
  Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
  Resource: '*',
  Condition: {
    ArnLike: {
      'kms:EncryptionContext:aws:logs:arn': interpolate`arn:${partitionOf(region)}:logs:${region}:${accountId}:log-group:*`,
    },
  },
});

type Purpose = Omit<AwsKeyProps, 'part'>;

/** What the cluster stands on. */
export const FOUNDATION_KEYS = {
  cluster: { holds: 'sensitive', description: 'Secrets of the Kubernetes API' },
  logs: { holds: 'internal', description: 'Logs of the control plane, the brokers and the network' },
  secrets: { holds: 'sensitive', description: 'Passwords of workloads' },
  images: { holds: 'internal', description: 'The image repository' },
} as const satisfies Readonly<Record<string, Purpose>>;

/** What keeps data, and what signs. */
export const STORE_KEYS = {
  lake: { holds: 'pii', description: 'The lake, its releases and the results of queries' },
  audit: { holds: 'internal', description: 'The audit log' },
  log: { holds: 'pii', description: 'The event log at rest' },
  online: { holds: 'pii', description: 'The online store at rest' },
  registry: { holds: 'pii', description: "The registry's database and its backups" },
  subjects: { holds: 'sensitive', description: "Wraps the subjects' keys" },
  signing: { holds: 'sensitive', description: "The gate's signature over releases and verdicts", use: 'sign' },
} as const satisfies Readonly<Record<string, Purpose>>;

/** The keys of an environment: one for each purpose, so that losing or revoking one opens or closes that one only. */
export function awsKeys<Part extends string>(
  scope: AwsScope,
  purposes: Readonly<Record<Part, Purpose>>,
  options?: ComponentResourceOptions,
): Readonly<Record<Part, AwsKey>> {
  const made = (Object.keys(purposes) as Part[]).map((part) => {
    const props: AwsKeyProps = { part, ...purposes[part], ...(part === 'logs' ? { statements: [logsMayUseKey(scope)] } : {}) };
    return [part, new AwsKey(part, scope, props, options)] as const;
  });
  return Object.fromEntries(made) as Record<Part, AwsKey>;
}
