/** A topic's name as Kubernetes names its object. */
export const topicObject = (topic: string): string => topic.replaceAll('_', '-').toLowerCase();

/** The label by which Strimzi knows which Kafka an object belongs to. */
export const CLUSTER = 'strimzi.io/cluster';
