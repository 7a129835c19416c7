import { Topic } from '@pulumi/aws/msk/topic.js';
import type { CustomResourceOptions, Input } from '@pulumi/pulumi';
import type { Topic as Planned } from './topics.ts';

/** A topic as the plan sizes it and the definition keeps it. MSK's topics take no tags, so what it says of its data stays here. */
export function awsTopic(topic: Planned, clusterArn: Input<string>, options: CustomResourceOptions): Topic {
  const { name, partitions, replicas, config } = topic;
  const configs = JSON.stringify(Object.fromEntries(Object.entries(config).sort()));
  return new Topic(name, { name, clusterArn, partitionCount: partitions, replicationFactor: replicas, configs }, options);
}
