import type { Output } from '@pulumi/pulumi';
import type { UseCase } from '../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../app/workloads.ts';
import type { AwsPlatform } from './aws.ts';
import { grantsOf } from './cluster/aws-grants.ts';
import { serviceAccountOf } from './cluster/pod.ts';
import { WorkloadIdentity } from './cluster/workload-identity.ts';
import { awsTopic } from './ingestion/aws-topic.ts';
import type { Connector } from './ingestion/change-sources.ts';
import type { Topic } from './ingestion/topics.ts';
import { AwsCatalogue } from './lake/aws-catalogue.ts';
import { canaryOf } from './serving/release.ts';
import { namespaceOf } from './site.ts';

export interface AwsUseCaseProps {
  /** Those of `topicsFor`. */
  readonly topics: readonly Topic[];
  /** Those of `connectorsOf`. */
  readonly connectors: readonly Connector[];
}

/** What a use case has on AWS, by the names of its workloads. */
export interface AwsUseCase {
  readonly roleArns: Readonly<Record<string, Output<string>>>;
  /** Where its tables are in Athena. */
  readonly database: Output<string>;
}

/** Topics, identities and catalogue of one use case. They carry its name, and go with it when its folder goes. */
export function awsUseCase(platform: AwsPlatform, usecase: UseCase, { topics, connectors }: AwsUseCaseProps): AwsUseCase {
  const { scope, options, cluster } = platform.foundation;
  const { stores } = platform;
  for (const topic of topics) awsTopic(topic, stores.log.arn, options);
  const catalogue = new AwsCatalogue(`${usecase.name}-catalogue`, scope, { usecase, bucketName: platform.lakeBucket }, options);
  const identity = (workload: WorkloadDeclaration, serviceAccount: string): Output<string> => {
    const account = { namespace: namespaceOf(workload.layer), serviceAccount, clusterName: cluster.name };
    return new WorkloadIdentity(serviceAccount, scope, { ...account, statements: grantsOf(workload, stores) }, options).roleArn;
  };
  const made = [
    ...tracksOf(usecase).map((workload) => ({
      workload,
      serviceAccount: serviceAccountOf({ name: workload.name, usecase: usecase.name }),
    })),
    ...connectors.map(({ declaration, serviceAccount }) => ({ workload: declaration, serviceAccount })),
  ];
  return {
    roleArns: Object.fromEntries(made.map(({ workload, serviceAccount }) => [workload.name, identity(workload, serviceAccount)])),
    database: catalogue.database,
  };
}

/** Every workload of a use case; what serves runs on two tracks. */
const tracksOf = (usecase: UseCase): readonly WorkloadDeclaration[] =>
  workloadsOf(usecase).flatMap((workload) => (workload.layer === 'serving' ? [workload, canaryOf(workload)] : [workload]));
