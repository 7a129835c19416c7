import { Topic } from '@pulumi/aws/msk/topic.js';
import type { CustomResourceOptions, Input } from '@pulumi/pulumi';
import { MIN_IN_SYNC, REPLICATION } from './aws-msk.ts';

export interface AwsTopicProps {
  readonly clusterArn: Input<string>;
  readonly partitions: number;
  readonly retentionDays: number;
}

const DAY_MS = 86_400_000;

/** A topic with three copies, of which two must have a record before it counts as written. */
export function awsTopic(topic: string, props: AwsTopicProps, options: CustomResourceOptions): Topic {
  return new Topic(
    topic,
    {
      name: topic,
      clusterArn: props.clusterArn,
      partitionCount: props.partitions,
      replicationFactor: REPLICATION,
      configs: JSON.stringify({
        'cleanup.policy': 'delete',
        'min.insync.replicas': String(MIN_IN_SYNC),
        'retention.ms': String(props.retentionDays * DAY_MS),
        'unclean.leader.election.enable': 'false',
      }),
    },
    options,
  );
}
