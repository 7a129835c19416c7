import { failures } from '../evaluate.ts';
import {
  all,
  always,
  compare,
  equals,
  type Field,
  implies,
  matches,
  number,
  object,
  type Predicate,
  said,
} from '../expression.ts';
import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { topicSettings } from '../topics.ts';
import { violation } from '../violation.ts';

const MIN_IN_SYNC = 'min.insync.replicas';
const UNCLEAN = 'unclean.leader.election.enable';

const config = (settings: Field): readonly Predicate[] => [
  said('2', compare(number(settings.at(MIN_IN_SYNC), 0), '==', 2)),
  said('false', matches(settings.at(UNCLEAN), /^false$/)),
];

const topic = all(
  said('3 or more', compare(number(object.at('spec', 'replicas'), 0), '>=', 3)),
  ...config(object.at('spec', 'config')),
);

const brokers = object.at('spec', 'kafka', 'config');
const kafka = all(
  said('3 or more', compare(number(brokers.at('default.replication.factor'), 0), '>=', 3)),
  said('3 or more', compare(number(brokers.at('offsets.topic.replication.factor'), 0), '>=', 3)),
  said('2', compare(number(brokers.at(MIN_IN_SYNC), 0), '==', 2)),
  said('false or absent', implies(matches(brokers.at(UNCLEAN), /^true$/), { is: 'always', value: false })),
);

/** A topic, or the brokers' defaults. */
const durable = all(implies(equals(object.at('kind'), 'KafkaTopic'), topic), implies(equals(object.at('kind'), 'Kafka'), kafka));

export const durableTopic: ResourceRule = {
  id: 'D03',
  name: 'ingestion-durable-topic',
  layer: 'ingestion',
  severity: 'mandatory',
  relaxedInDev: true,
  title: 'In production, three replicas or more, two in sync, and no unclean election',
  control: ['SOC 2 A1.2'],
  reason: 'One lost broker must lose nothing.',
  remediation: 'Set `replicas: 3`, min.insync.replicas 2 and unclean.leader.election.enable false; the construct does in prod.',
  kinds: [
    'kubernetes:kafka.strimzi.io/v1:Kafka',
    'kubernetes:kafka.strimzi.io/v1:KafkaTopic',
    'kubernetes:kafka.strimzi.io/v1beta2:Kafka',
    'kubernetes:kafka.strimzi.io/v1beta2:KafkaTopic',
    'aws:msk/cluster:Cluster',
    'aws:msk/configuration:Configuration',
    'aws:msk/topic:Topic',
  ],
  object: ({ environment }) => (environment === 'prod' ? durable : always),
  checkResource: (resource, context) => {
    if (context.environment !== 'prod') return [];
    if (resource.type.startsWith('aws:')) return managed(resource);
    return failures(durable, resource.props).map((failure) => violation(durableTopic, resource, failure));
  },
};

function managed(resource: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(durableTopic, resource, { property, found, expected });
  if (kindOf(resource) === 'Cluster') {
    const nodes = at(resource, 'numberOfBrokerNodes');
    return typeof nodes === 'number' && nodes >= 3 ? [] : [fault('numberOfBrokerNodes', nodes, '3 or more')];
  }
  if (kindOf(resource) === 'Topic') return managedTopic(resource, fault);
  const properties = serverProperties(resource);
  const wanted = { 'default.replication.factor': '3', [MIN_IN_SYNC]: '2', [UNCLEAN]: 'false' };
  return Object.entries(wanted)
    .filter(([key, value]) => properties[key] !== value)
    .map(([key, value]) => fault('serverProperties', `${key}=${properties[key] ?? 'missing'}`, `${key}=${value}`));
}

/** A topic of MSK; its settings are JSON. */
function managedTopic(
  topic: Resource,
  fault: (property: string, found: unknown, expected: string) => Violation,
): readonly Violation[] {
  const copies = at(topic, 'replicationFactor');
  const settings = topicSettings(topic);
  return [
    ...(typeof copies === 'number' && copies >= 3 ? [] : [fault('replicationFactor', copies, '3 or more')]),
    ...(settings[MIN_IN_SYNC] === '2' ? [] : [fault('configs', settings[MIN_IN_SYNC], `${MIN_IN_SYNC} 2`)]),
    ...(settings[UNCLEAN] === 'false' ? [] : [fault('configs', settings[UNCLEAN], `${UNCLEAN} false`)]),
  ];
}

/** Settings of MSK's brokers, one `key=value` a line. */
export const serverProperties = (resource: Resource): Readonly<Record<string, string>> =>
  Object.fromEntries(
    String(at(resource, 'serverProperties') ?? '')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
