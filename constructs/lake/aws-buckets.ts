import { BucketObjectLockConfiguration } from '@pulumi/aws/s3/bucketObjectLockConfiguration.js';
import { type ComponentResourceOptions, type Input, interpolate } from '@pulumi/pulumi';
import type { AwsScope } from '../cluster/aws-component.ts';
import { PrivateBucket } from './aws-bucket.ts';

export interface LakeBucketProps {
  readonly keyArn: Input<string>;
  readonly logsTo: Input<string>;
  /**
   * Days that a deleted file can be called back. It must not outlive the erasure window: after a vacuum, rows that were
   * dropped are still in the versions that S3 keeps. @default 7
   */
  readonly undoDays?: number;
  /** Days that the results of queries are kept. @default 7 */
  readonly resultDays?: number;
}

/** Tables, uploads and releases. */
export class LakeBucket extends PrivateBucket {
  constructor(name: string, scope: AwsScope, props: LakeBucketProps, options?: ComponentResourceOptions) {
    const undo = props.undoDays ?? 7;
    const enabled = { status: 'Enabled' } as const;
    super(
      'lake:LakeBucket',
      name,
      scope,
      {
        part: 'lake',
        store: 'lake',
        holds: 'pii',
        keyArn: props.keyArn,
        logsTo: props.logsTo,
        lifecycle: [
          {
            ...enabled,
            id: 'forget-deleted-versions',
            filter: { prefix: '' },
            noncurrentVersionExpiration: { noncurrentDays: undo },
          },
          {
            ...enabled,
            id: 'forget-delete-markers',
            filter: { prefix: 'lake/' },
            expiration: { expiredObjectDeleteMarker: true },
          },
          { ...enabled, id: 'forget-results', filter: { prefix: 'results/' }, expiration: { days: props.resultDays ?? 7 } },
          // Files of a table are rewritten by compaction in their first days; what is left then is read less and less.
          {
            ...enabled,
            id: 'cool-tables',
            filter: { prefix: 'lake/' },
            transitions: [{ days: 30, storageClass: 'INTELLIGENT_TIERING' }],
          },
        ],
      },
      options,
    );
    this.registerOutputs({ bucketName: this.bucketName });
  }
}

export interface AuditBucketProps {
  /** Another one than the lake's. */
  readonly keyArn: Input<string>;
  readonly logsTo: Input<string>;
  /** Days for which nobody, the account's root included, can delete or overwrite a record. */
  readonly lockDays: number;
}

/** Checkpoints of the audit log, each locked from its birth. Writers can add and read, and nobody can delete. */
export class AuditBucket extends PrivateBucket {
  constructor(name: string, scope: AwsScope, props: AuditBucketProps, options?: ComponentResourceOptions) {
    super(
      'lake:AuditBucket',
      name,
      scope,
      {
        part: 'audit',
        store: 'audit',
        holds: 'internal',
        keyArn: props.keyArn,
        logsTo: props.logsTo,
        objectLock: true,
        lifecycle: [],
        statements: (arn) => [
          {
            Sid: 'RefuseDeletion',
            Effect: 'Deny',
            Principal: '*',
            Action: [
              's3:BypassGovernanceRetention',
              's3:DeleteObject',
              's3:DeleteObjectVersion',
              's3:PutObjectLegalHold',
              's3:PutObjectRetention',
            ],
            Resource: interpolate`${arn}/*`,
          },
        ],
      },
      options,
    );
    new BucketObjectLockConfiguration(
      name,
      {
        bucket: this.bucketName,
        objectLockEnabled: 'Enabled',
        rule: { defaultRetention: { mode: 'COMPLIANCE', days: props.lockDays } },
      },
      { ...this.stateful, dependsOn: [this.versioning] },
    );
    this.registerOutputs({ bucketName: this.bucketName });
  }
}

/** Buckets whose readers and writers are recorded. */
const LOGGED = ['audit', 'lake'] as const;

/** Who read and wrote the other buckets, as S3 writes it. */
export class AccessLogBucket extends PrivateBucket {
  constructor(name: string, scope: AwsScope, options?: ComponentResourceOptions) {
    super(
      'lake:AccessLogBucket',
      name,
      scope,
      {
        part: 'access',
        holds: 'internal',
        lifecycle: LOGGED.map((part) => ({
          id: `forget-records-of-${part}`,
          status: 'Enabled',
          filter: { prefix: `${part}/` },
          expiration: { days: 365 },
          noncurrentVersionExpiration: { noncurrentDays: 1 },
        })),
        statements: (arn) => [
          {
            Sid: 'S3WritesRecords',
            Effect: 'Allow',
            Principal: { Service: 'logging.s3.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: interpolate`${arn}/*`,
            Condition: { StringEquals: { 'aws:SourceAccount': scope.accountId } },
          },
        ],
      },
      options,
    );
    this.registerOutputs({ bucketName: this.bucketName });
  }
}
