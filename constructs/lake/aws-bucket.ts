import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { BucketLifecycleConfiguration } from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketLogging } from '@pulumi/aws/s3/bucketLogging.js';
import { BucketNotification } from '@pulumi/aws/s3/bucketNotification.js';
import { BucketOwnershipControls } from '@pulumi/aws/s3/bucketOwnershipControls.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import type { input } from '@pulumi/aws/types/index.js';
import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { DataClass } from '../../app/usecases/field.ts';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { policyDocument, type Statement } from '../cluster/aws-statement.ts';

export interface PrivateBucketProps {
  /** Part of its name `millrace-<environment>-<part>-<account>-<region>`. */
  readonly part: string;
  readonly holds: DataClass;
  /** What the policies know it by. */
  readonly store?: string;
  /** Undefined: S3's own key, which is the only one that access logs can be written with. */
  readonly keyArn?: Input<string>;
  /** Set at birth and never after. @default false */
  readonly objectLock?: boolean;
  readonly lifecycle: readonly input.s3.BucketLifecycleConfigurationRule[];
  /** More than what every bucket refuses. */
  readonly statements?: (arn: Output<string>) => readonly Statement[];
  /** Takes the record of who read and wrote. */
  readonly logsTo?: Input<string>;
}

/** Parts that were never completed cost money and are seen by nobody. */
export const abortUploads: input.s3.BucketLifecycleConfigurationRule = {
  id: 'abort-unfinished-uploads',
  status: 'Enabled',
  filter: { prefix: '' },
  abortIncompleteMultipartUpload: { daysAfterInitiation: 3 },
};

/** A bucket that is versioned, encrypted, closed to the public and to plain HTTP. */
export abstract class PrivateBucket extends AwsComponent {
  readonly bucketName: Output<string>;
  readonly arn: Output<string>;
  /** A child that needs versioning to be on waits for this. */
  protected readonly versioning: BucketVersioning;

  constructor(type: string, name: string, scope: AwsScope, props: PrivateBucketProps, options?: ComponentResourceOptions) {
    super(type, name, scope, props.holds, options);
    const { own } = this;
    const bucket = new Bucket(
      name,
      {
        bucket: interpolate`${physicalName(scope, props.part)}-${scope.accountId}-${scope.region}`,
        objectLockEnabled: props.objectLock ?? false,
        forceDestroy: !scope.protect && props.objectLock !== true,
        ...(props.store === undefined ? {} : { tags: { [DATA.store]: props.store } }),
      },
      this.stateful,
    );
    this.bucketName = bucket.bucket;
    this.arn = bucket.arn;
    const of = { bucket: bucket.id };
    this.versioning = new BucketVersioning(name, { ...of, versioningConfiguration: { status: 'Enabled' } }, own);
    new BucketOwnershipControls(name, { ...of, rule: { objectOwnership: 'BucketOwnerEnforced' } }, own);
    // Rules of EventBridge can watch it, e.g. for who deletes.
    new BucketNotification(name, { ...of, eventbridge: true }, own);
    const closed = new BucketPublicAccessBlock(
      name,
      { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      own,
    );
    const byDefault =
      props.keyArn === undefined ? { sseAlgorithm: 'AES256' } : { sseAlgorithm: 'aws:kms', kmsMasterKeyId: props.keyArn };
    new BucketServerSideEncryptionConfiguration(
      name,
      { ...of, rules: [{ applyServerSideEncryptionByDefault: byDefault, bucketKeyEnabled: props.keyArn !== undefined }] },
      own,
    );
    new BucketLifecycleConfiguration(
      name,
      { ...of, rules: [abortUploads, ...props.lifecycle] },
      { ...own, dependsOn: [this.versioning] },
    );
    const policy = policyDocument([
      ...refusals(this.arn, props.keyArn),
      ...(props.statements === undefined ? [] : props.statements(this.arn)),
    ]);
    new BucketPolicy(name, { ...of, policy }, { ...own, dependsOn: [closed] });
    if (props.logsTo !== undefined)
      new BucketLogging(name, { ...of, targetBucket: props.logsTo, targetPrefix: `${props.part}/` }, own);
  }
}

const KEY_OF_REQUEST = 's3:x-amz-server-side-encryption-aws-kms-key-id';

function refusals(arn: Output<string>, keyArn: Input<string> | undefined): readonly Statement[] {
  const objects = interpolate`${arn}/*`;
  const deny = { Effect: 'Deny', Principal: '*' } as const;
  const tls: Statement[] = [
    {
      ...deny,
      Sid: 'RefusePlainHttp',
      Action: 's3:*',
      Resource: [arn, objects],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      ...deny,
      Sid: 'RefuseOldTls',
      Action: 's3:*',
      Resource: [arn, objects],
      Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
    },
  ];
  if (keyArn === undefined) return tls;
  return [
    ...tls,
    {
      ...deny,
      Sid: 'RefuseOtherKeys',
      Action: 's3:PutObject',
      Resource: objects,
      // A request that names no key gets the bucket's own.
      Condition: { Null: { [KEY_OF_REQUEST]: 'false' }, StringNotEquals: { [KEY_OF_REQUEST]: keyArn } },
    },
  ];
}
