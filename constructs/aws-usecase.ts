import type { Output } from '@pulumi/pulumi';
import { topicsOf } from '../app/ingestion/topics.ts';
import type { UseCase } from '../app/usecases/usecase.ts';
import { workloadsOf } from '../app/workloads.ts';
import type { AwsPlatform } from './aws.ts';
import { grantsOf } from './cluster/aws-grants.ts';
import { WorkloadIdentity } from './cluster/workload-identity.ts';
import { AwsLogUser } from './ingestion/aws-log-user.ts';
import { awsTopic } from './ingestion/aws-topic.ts';
import { AwsCatalogue } from './lake/aws-warehouse.ts';
import { namespaceOf } from './site.ts';

export interface AwsUseCaseProps {
  /** Partitions by topic, from the capacity plan; a topic that is not named has those of its definition. */
  readonly partitions?: Readonly<Record<string, number>>;
}

/** What a use case has on AWS, by the names of its workloads. */
export interface AwsUseCase {
  readonly roleArns: Readonly<Record<string, Output<string>>>;
  /** Name and password for the event log, where a workload reads or writes it. */
  readonly logSecretArns: Readonly<Record<string, Output<string>>>;
  /** How a workload is called in the databases. */
  readonly databaseUsers: Readonly<Record<string, string>>;
  /** Where its tables are in Athena. */
  readonly database: Output<string>;
}

/** Topics, users, identities and catalogue of one use case. They carry its name, and go with it when its folder goes. */
export function awsUseCase(platform: AwsPlatform, usecase: UseCase, props: AwsUseCaseProps = {}): AwsUseCase {
  const { scope, options, cluster } = platform.foundation;
  const { stores } = platform;
  const clusterArn = stores.log.arn;
  for (const { name, partitions } of topicsOf(usecase))
    awsTopic(
      name,
      { clusterArn, partitions: props.partitions?.[name] ?? partitions, retentionDays: platform.logRetentionDays },
      options,
    );

  const workloads = workloadsOf(usecase);
  const tables = workloads
    .flatMap(({ reads, writes }) => [...reads, ...writes])
    .flatMap((access) => (access.store === 'lake' ? [access.table] : []));
  const catalogue = new AwsCatalogue(
    `${usecase.name}-catalogue`,
    scope,
    { usecase: usecase.name, tables: [...new Set(tables)].sort(), bucketName: platform.lakeBucket },
    options,
  );

  const made = workloads.map((workload) => {
    const account = `${usecase.name}-${workload.name}`;
    const user = databaseUser(usecase.name, workload.name);
    const usesLog = [...workload.reads, ...workload.writes].some(({ store }) => store === 'log');
    const logUser = usesLog
      ? new AwsLogUser(`${account}-log`, scope, { clusterArn, secretsKeyArn: stores.secretsKeyArn, username: account }, options)
      : undefined;
    const identity = new WorkloadIdentity(
      account,
      scope,
      {
        namespace: namespaceOf(workload.layer),
        serviceAccount: account,
        clusterName: cluster.name,
        statements: grantsOf(workload, user, stores, logUser?.secretArn),
      },
      options,
    );
    return { name: workload.name, user, roleArn: identity.roleArn, secretArn: logUser?.secretArn };
  });
  return {
    roleArns: Object.fromEntries(made.map(({ name, roleArn }) => [name, roleArn])),
    logSecretArns: Object.fromEntries(
      made.flatMap(({ name, secretArn }) => (secretArn === undefined ? [] : [[name, secretArn]])),
    ),
    databaseUsers: Object.fromEntries(made.map(({ name, user }) => [name, user])),
    database: catalogue.database,
  };
}

/** Postgres reads hyphens in a name only inside quotes. */
const databaseUser = (usecase: string, workload: string): string => `${usecase}_${workload}`.replaceAll('-', '_');
