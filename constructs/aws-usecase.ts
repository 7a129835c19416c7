import type { Output } from '@pulumi/pulumi';
import type { UseCase } from '../app/usecases/usecase.ts';
import { workloadsOf } from '../app/workloads.ts';
import type { AwsPlatform } from './aws.ts';
import { grantsOf } from './cluster/aws-grants.ts';
import { serviceAccountOf } from './cluster/pod.ts';
import { WorkloadIdentity } from './cluster/workload-identity.ts';
import { AwsLogUser } from './ingestion/aws-log-user.ts';
import { awsTopic } from './ingestion/aws-topic.ts';
import type { Topic } from './ingestion/topics.ts';
import { AwsCatalogue } from './lake/aws-catalogue.ts';
import { namespaceOf } from './site.ts';

export interface AwsUseCaseProps {
  /** Those of `topicsFor`. */
  readonly topics: readonly Topic[];
}

/** What a use case has on AWS, by the names of its workloads. */
export interface AwsUseCase {
  readonly roleArns: Readonly<Record<string, Output<string>>>;
  /** Name and password for the event log, where a workload reads or writes it. */
  readonly logSecretArns: Readonly<Record<string, Output<string>>>;
  /** Where its tables are in Athena. */
  readonly database: Output<string>;
}

/** Topics, users, identities and catalogue of one use case. They carry its name, and go with it when its folder goes. */
export function awsUseCase(platform: AwsPlatform, usecase: UseCase, { topics }: AwsUseCaseProps): AwsUseCase {
  const { scope, options, cluster, keys } = platform.foundation;
  const { stores } = platform;
  const clusterArn = stores.log.arn;
  for (const topic of topics) awsTopic(topic, clusterArn, options);
  const catalogue = new AwsCatalogue(`${usecase.name}-catalogue`, scope, { usecase, bucketName: platform.lakeBucket }, options);
  const made = workloadsOf(usecase).map((workload) => {
    const account = serviceAccountOf({ name: workload.name, usecase: usecase.name });
    const usesLog = [...workload.reads, ...workload.writes].some(({ store }) => store === 'log');
    const logUser = usesLog
      ? new AwsLogUser(`${account}-log`, scope, { clusterArn, secretsKeyArn: keys.secrets.arn, username: account }, options)
      : undefined;
    const identity = new WorkloadIdentity(
      account,
      scope,
      {
        namespace: namespaceOf(workload.layer),
        serviceAccount: account,
        clusterName: cluster.name,
        statements: grantsOf(workload, stores),
      },
      options,
    );
    return { name: workload.name, roleArn: identity.roleArn, secretArn: logUser?.secretArn };
  });
  return {
    roleArns: Object.fromEntries(made.map(({ name, roleArn }) => [name, roleArn])),
    logSecretArns: Object.fromEntries(
      made.flatMap(({ name, secretArn }) => (secretArn === undefined ? [] : [[name, secretArn]])),
    ),
    database: catalogue.database,
  };
}
