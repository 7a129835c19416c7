import type { ResourceTransformation } from '@pulumi/pulumi';

/** What stands on every taggable resource besides its data class. */
export interface AwsTags {
  readonly owner: string;
  readonly environment: string;
  readonly costCentre: string;
}

/** What a store holds at most. `secret` is key material and passwords; the others are the classes of the definition's fields. */
export type HeldClass = 'public' | 'internal' | 'sensitive' | 'pii' | 'secret';

/** Types of the `aws` package that we use and that take no tags. */
const UNTAGGED: ReadonlySet<string> = new Set([
  'aws:athena/database:Database',
  'aws:cloudwatch/logResourcePolicy:LogResourcePolicy',
  'aws:ec2/routeTableAssociation:RouteTableAssociation',
  'aws:ec2/route:Route',
  'aws:ecr/lifecyclePolicy:LifecyclePolicy',
  'aws:ecr/repositoryPolicy:RepositoryPolicy',
  'aws:eks/accessPolicyAssociation:AccessPolicyAssociation',
  'aws:glue/catalogTable:CatalogTable',
  'aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings',
  'aws:iam/rolePolicy:RolePolicy',
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
  'aws:kms/alias:Alias',
  'aws:msk/configuration:Configuration',
  'aws:msk/singleScramSecretAssociation:SingleScramSecretAssociation',
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
  'aws:secretsmanager/secretPolicy:SecretPolicy',
  'aws:secretsmanager/secretVersion:SecretVersion',
  'aws:sns/topicPolicy:TopicPolicy',
  'aws:sns/topicSubscription:TopicSubscription',
]);

/** Whether a resource of this token takes tags: a tag it does not take would fail the deployment. */
export const isTaggable = (token: string): boolean => token.startsWith('aws:') && !UNTAGGED.has(token);

/** Adds tags that a resource does not have itself. Its nearest component wins, so that a class set there stays. */
export const withTags =
  (tags: Readonly<Record<string, string>>): ResourceTransformation =>
  ({ type, props, opts }) =>
    isTaggable(type) ? { props: { ...props, tags: { ...tags, ...props.tags } }, opts } : undefined;

/** As the bill and the policies read them. */
export const commonTags = ({ owner, environment, costCentre }: AwsTags): Readonly<Record<string, string>> => ({
  owner,
  environment,
  'cost-centre': costCentre,
});

/** What budgets filter the bill by. */
export const COST_TAG = 'millrace.dev/cost';

export const costOf = (environment: string, part: string): string => `${environment}-${part}`;
