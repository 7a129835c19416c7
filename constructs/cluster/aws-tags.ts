import type { ResourceTransformation } from '@pulumi/pulumi';
import { COST_CENTRE, DATA_CLASS, ENVIRONMENT, OWNER } from '../../app/usecases/annotations.ts';
import type { DataClass } from '../../app/usecases/field.ts';

/** What stands on every taggable resource besides its data class. */
export interface AwsTags {
  readonly owner: string;
  readonly environment: string;
  readonly costCentre: string;
}

/** Types of the `aws` package that we use and that take no tags. */
const UNTAGGED: ReadonlySet<string> = new Set([
  'aws:cloudwatch/eventTarget:EventTarget',
  'aws:ec2/routeTableAssociation:RouteTableAssociation',
  'aws:ec2/route:Route',
  'aws:ec2/tag:Tag',
  'aws:ecr/lifecyclePolicy:LifecyclePolicy',
  'aws:ecr/repositoryPolicy:RepositoryPolicy',
  'aws:eks/accessPolicyAssociation:AccessPolicyAssociation',
  'aws:glue/catalogTable:CatalogTable',
  'aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings',
  'aws:iam/rolePolicy:RolePolicy',
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
  'aws:kms/alias:Alias',
  'aws:msk/configuration:Configuration',
  'aws:msk/topic:Topic',
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
  'aws:s3/bucketLogging:BucketLogging',
  'aws:s3/bucketNotification:BucketNotification',
  'aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration',
  'aws:s3/bucketOwnershipControls:BucketOwnershipControls',
  'aws:s3/bucketPolicy:BucketPolicy',
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
  'aws:s3/bucketVersioning:BucketVersioning',
  'aws:secretsmanager/secretVersion:SecretVersion',
  'aws:sqs/queuePolicy:QueuePolicy',
]);

/** Whether a resource of this token takes tags: a tag it does not take would fail the deployment. */
export const isTaggable = (token: string): boolean => token.startsWith('aws:') && !UNTAGGED.has(token);

/** Adds tags that a resource does not have itself. Its nearest component wins, so that a class set there stays. */
export const withTags =
  (tags: Readonly<Record<string, string>>): ResourceTransformation =>
  ({ type, props, opts }) =>
    isTaggable(type) ? { props: { ...props, tags: { ...tags, ...props.tags } }, opts } : undefined;

/** As the bill and the policies read them. `holds` is the most protected class of data in it. */
export const tagsOf = ({ owner, environment, costCentre }: AwsTags, holds: DataClass): Readonly<Record<string, string>> => ({
  [OWNER]: owner,
  [ENVIRONMENT]: environment,
  [COST_CENTRE]: costCentre,
  [DATA_CLASS]: holds,
});
