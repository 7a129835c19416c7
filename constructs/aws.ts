import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import { Provider } from '@pulumi/aws/provider.js';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { auditWorkload, registryWorkload } from '../app/platform-workloads.ts';
import type { WorkloadDeclaration } from '../app/workloads.ts';
import type { AwsScope } from './cluster/aws-component.ts';
import { AwsEks } from './cluster/aws-eks.ts';
import { type AwsStores, grantsOf } from './cluster/aws-grants.ts';
import { AwsKarpenter } from './cluster/aws-karpenter.ts';
import { AwsNetwork } from './cluster/aws-network.ts';
import { awsOperators } from './cluster/aws-operators.ts';
import { type AwsFoundationProps, type AwsPlatformProps, checkFoundation, sizesOf, zonesOf } from './cluster/aws-props.ts';
import { ZONES } from './cluster/aws-ranges.ts';
import { serviceAccountOf } from './cluster/pod.ts';
import { WorkloadIdentity } from './cluster/workload-identity.ts';
import { AwsEcr } from './delivery/aws-ecr.ts';
import { AwsElastiCache, RESERVED_SHARE, VALKEY_PORT } from './features/aws-elasticache.ts';
import { GpuBudget } from './governance/aws-budget.ts';
import { type AwsKey, awsKeys, FOUNDATION_KEYS, STORE_KEYS } from './governance/aws-keys.ts';
import { AwsMsk } from './ingestion/aws-msk.ts';
import { AccessLogBucket, AuditBucket, LakeBucket } from './lake/aws-buckets.ts';
import { AwsWarehouse } from './lake/aws-warehouse.ts';
import { AwsPostgres, POSTGRES_PORT } from './registry/aws-rds.ts';
import { namespaceOf } from './site.ts';

export type { AwsFoundationProps, AwsPlan, AwsPlatformProps } from './cluster/aws-props.ts';

/** How a program reaches the cluster without a kubeconfig: with these and a token of the deployer's own identity. */
export interface AwsClusterAccess {
  readonly name: Output<string>;
  readonly endpoint: Output<string>;
  /** Base64. */
  readonly certificateAuthority: Output<string>;
  readonly securityGroupId: Output<string>;
}

/** What the stores stand on, whichever stack made it. */
export interface AwsGround {
  readonly scope: AwsScope;
  readonly options: ComponentResourceOptions;
  readonly network: Pick<AwsNetwork, 'vpcId' | 'storeSubnetIds'>;
  readonly cluster: AwsClusterAccess;
  readonly keys: Readonly<Record<'logs' | 'secrets', Pick<AwsKey, 'arn'>>>;
}

/** What stands before anything of Millrace runs. */
export interface AwsFoundation extends AwsGround {
  /** What the cluster's API is asked after, and gone before: nodes with their way out, and the right to ask. */
  readonly ready: readonly Resource[];
  readonly images: { readonly url: Output<string>; readonly arn: Output<string> };
  /** Roles of the operators, by what they do. */
  readonly operatorRoles: Readonly<Record<string, Output<string>>>;
  /** Where Karpenter makes the nodes: the name of their role, its own role, and the queue that tells of nodes that go. */
  readonly karpenter?: Pick<AwsKarpenter, 'nodeRole' | 'queue' | 'role'>;
}

/**
 * Network, cluster with its node pools, keys and image repository of an environment.
 * @throws InputPropertiesError naming every property that is wrong, e.g. a region outside the allowed ones
 */
export function awsFoundation(props: AwsFoundationProps): AwsFoundation {
  checkFoundation(props);
  const { environment, region, tags, protect, gpu, plan, nodes = 'managed' } = props;
  const provider = new Provider('aws', { region });
  const options = { provider };
  const { accountId } = getCallerIdentityOutput({}, { provider });
  const scope: AwsScope = { environment, region, accountId, tags, protect };
  const keys = awsKeys(scope, FOUNDATION_KEYS, options);
  const network = new AwsNetwork(
    'network',
    scope,
    { cidr: props.cidr, zones: zonesOf(props), natPerZone: protect, logsKeyArn: keys.logs.arn },
    options,
  );
  const cluster = new AwsEks(
    'cluster',
    scope,
    {
      subnetIds: network.nodeSubnetIds,
      secretsKeyArn: keys.cluster.arn,
      logsKeyArn: keys.logs.arn,
      adminRanges: props.adminRanges,
      administrators: props.administrators,
      groups: props.groups ?? {},
      // Karpenter and what it needs run on nodes that it does not make.
      cpu: nodes === 'karpenter' ? { ...plan.cpu, min: ZONES, max: ZONES } : plan.cpu,
      ...(gpu.maxNodes > 0 && nodes === 'managed' ? { gpu: { ...gpu, min: 0, max: gpu.maxNodes } } : {}),
    },
    options,
  );
  if (gpu.maxNodes > 0)
    new GpuBudget('gpu-budget', scope, { monthlyBudget: gpu.monthlyBudget, alertEmail: props.alertEmail }, options);
  const images = new AwsEcr('images', scope, { keyArn: keys.images.arn }, options);
  const { clusterName, arn, endpoint, certificateAuthority, securityGroupId } = cluster;
  const karpenter =
    nodes === 'karpenter'
      ? new AwsKarpenter('karpenter', scope, { clusterName, clusterArn: arn, securityGroupId }, options)
      : undefined;
  const { vpcId, storeSubnetIds } = network;
  return {
    scope,
    options,
    ready: [network, cluster, ...(karpenter === undefined ? [] : [karpenter])],
    network: { vpcId, storeSubnetIds },
    cluster: { name: clusterName, endpoint, certificateAuthority, securityGroupId },
    keys,
    images: { url: images.url, arn: images.arn },
    operatorRoles: awsOperators(scope, { clusterName, secretsKeyArn: keys.secrets.arn, nodes }, options),
    ...(karpenter === undefined ? {} : { karpenter }),
  };
}

export interface AwsAddress {
  readonly host: Output<string>;
  readonly port: number;
}

/** The stores of an environment. */
export interface AwsPlatform {
  readonly foundation: AwsGround;
  /** Comma-separated `host:port`, for clients that show their identity (IAM). */
  readonly bootstrapBrokers: Output<string>;
  readonly lakeBucket: Output<string>;
  readonly auditBucket: Output<string>;
  readonly workgroup: Output<string>;
  readonly online: AwsAddress & { readonly secretArns: Readonly<Record<'reader' | 'writer', Output<string>>> };
  readonly registry: AwsAddress & { readonly ownerSecretArn: Output<string> };
  /** Wraps the subjects' keys, which the registry's database holds. */
  readonly subjectKeyArn: Output<string>;
  /** The gate signs with it. */
  readonly signingKeyArn: Output<string>;
  /** What workloads are granted access to. */
  readonly stores: AwsStores;
  /** Roles of what runs once for all use cases. */
  readonly roleArns: Readonly<Record<'registry' | 'auditCheck', Output<string>>>;
}

/**
 * The stores: event log, lake and audit buckets, warehouse, online store, registry, subjects' keys.
 * @throws InputPropertiesError naming every number of the plan that no service of AWS can hold
 */
export function awsPlatform(foundation: AwsGround, props: AwsPlatformProps): AwsPlatform {
  const sizes = sizesOf(props, RESERVED_SHARE);
  const { scope, options, network, cluster } = foundation;
  const keys = awsKeys(scope, STORE_KEYS, options);
  const { plan, erasureDays = 30, auditLockDays = scope.protect ? 730 : 1 } = props;
  const place = { vpcId: network.vpcId, subnetIds: network.storeSubnetIds, clients: { cluster: cluster.securityGroupId } };
  const logsKeyArn = foundation.keys.logs.arn;
  const secretsKeyArn = foundation.keys.secrets.arn;

  const access = new AccessLogBucket('access-logs', scope, options);
  const logsTo = access.bucketName;
  const undoDays = Math.min(7, erasureDays);
  const lake = new LakeBucket('lake', scope, { keyArn: keys.lake.arn, logsTo, undoDays }, options);
  const audit = new AuditBucket('audit', scope, { keyArn: keys.audit.arn, logsTo, lockDays: auditLockDays }, options);
  const warehouse = new AwsWarehouse('warehouse', scope, { bucketName: lake.bucketName, keyArn: keys.lake.arn }, options);
  const log = new AwsMsk(
    'log',
    scope,
    {
      ...place,
      keyArn: keys.log.arn,
      logsKeyArn,
      brokers: sizes.brokers,
      instanceType: sizes.broker.name,
      storageGiB: plan.brokerStorageGiB,
      retentionDays: plan.logRetentionDays,
    },
    options,
  );
  const online = new AwsElastiCache(
    'online',
    scope,
    {
      ...place,
      keyArn: keys.online.arn,
      secretsKeyArn,
      logsKeyArn,
      nodeType: sizes.store.name,
      shards: plan.storeShards,
      replicas: Math.max(1, plan.storeReplicas),
    },
    options,
  );
  const registry = new AwsPostgres(
    'registry',
    scope,
    {
      ...place,
      keyArn: keys.registry.arn,
      secretsKeyArn,
      logsKeyArn,
      instanceClass: sizes.database.name,
      storageGiB: Math.max(20, plan.registryStorageGiB),
      erasureDays,
    },
    options,
  );
  const stores: AwsStores = {
    lake: { arn: lake.arn, keyArn: keys.lake.arn },
    audit: { arn: audit.arn, keyArn: keys.audit.arn },
    log: { arn: log.arn },
    subjectKeyArn: keys.subjects.arn,
    signingKeyArn: keys.signing.arn,
  };
  return {
    foundation,
    bootstrapBrokers: log.bootstrapBrokers,
    lakeBucket: lake.bucketName,
    auditBucket: audit.bucketName,
    workgroup: warehouse.workgroup,
    online: { host: online.endpoint, port: VALKEY_PORT, secretArns: online.secretArns },
    registry: { host: registry.endpoint, port: POSTGRES_PORT, ownerSecretArn: registry.ownerSecretArn },
    subjectKeyArn: keys.subjects.arn,
    signingKeyArn: keys.signing.arn,
    stores,
    roleArns: {
      registry: identity('registry-service', foundation, registryWorkload, stores),
      auditCheck: identity('audit-check', foundation, auditWorkload, stores),
    },
  };
}

/** Of what runs once for all use cases. */
function identity(name: string, ground: AwsGround, workload: WorkloadDeclaration, stores: AwsStores): Output<string> {
  const { scope, options, cluster } = ground;
  const account = {
    namespace: namespaceOf(workload.layer),
    serviceAccount: serviceAccountOf({ name: workload.name, usecase: undefined }),
    clusterName: cluster.name,
  };
  return new WorkloadIdentity(name, scope, { ...account, statements: grantsOf(workload, stores) }, options).roleArn;
}
