import { DATA } from '../../app/usecases/data-annotations.ts';
import { list } from '../amounts.ts';
import { at, kindOf, objectName, ofKind, word, wordPath, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { isManagedTopic, topicsOf } from '../topics.ts';
import { violation } from '../violation.ts';

const CLUSTER = 'strimzi.io/cluster';

export const deadLetters: StackRule = {
  id: 'D05',
  name: 'ingestion-dead-letters',
  layer: 'ingestion',
  severity: 'mandatory',
  title: 'Every consumer group has a dead-letter topic, encrypted like its source',
  control: ['SOC 2 PI1'],
  reason: 'Without one, bad events are lost or stop the stream; unencrypted, they leak what the source protects.',
  remediation: 'Set `deadLetter: true` on the topic; the construct makes the second topic beside it.',
  kinds: ['kubernetes:*', 'aws:msk/topic:Topic'],
  checkStack: (resources) => {
    const topics = topicsOf(resources);
    const byName = new Map(topics.map((topic) => [objectName(topic), topic]));
    const names = [...byName.keys()];
    const users = ofKind(resources, 'KafkaUser').flatMap((user) => topicsFollowed(user, names));
    const followed = new Set([...users, ...managedFollowed(resources, topics)]);
    return topics
      .filter((topic) => followed.has(objectName(topic)) && (word(topic, DATA.role) ?? 'event') === 'event')
      .flatMap((topic) => judge(topic, byName.get(word(topic, DATA.deadLetter) ?? '')));
  },
};

function judge(topic: Resource, letters: Resource | undefined): readonly Violation[] {
  if (letters === undefined || letters === topic)
    return [
      violation(deadLetters, topic, {
        property: wordPath(topic, DATA.deadLetter),
        found: word(topic, DATA.deadLetter),
        expected: 'the name of a KafkaTopic of the stack, for a consumer group follows this topic',
      }),
    ];
  const alike = (key: string, expected: string | undefined) =>
    word(letters, key) === expected
      ? []
      : [
          violation(deadLetters, letters, {
            property: wordPath(letters, key),
            found: word(letters, key),
            expected: String(expected),
          }),
        ];
  const keyless = word(topic, DATA.keyRef) !== undefined && word(letters, DATA.keyRef) === undefined;
  return [
    ...alike(DATA.role, 'dead-letter'),
    ...alike(DATA.dataClass, word(topic, DATA.dataClass)),
    ...alike(CLUSTER, word(topic, CLUSTER)),
    ...(keyless
      ? [
          violation(deadLetters, letters, {
            property: wordPath(letters, DATA.keyRef),
            found: undefined,
            expected: 'the key that seals it, as the source has one',
          }),
        ]
      : []),
  ];
}

/** MSK's users carry no lists here: what its topics' readers declare counts. */
const managedFollowed = (resources: readonly Resource[], topics: readonly Resource[]): readonly string[] =>
  topics
    .filter(isManagedTopic)
    .map(objectName)
    .filter((name) => workloads(resources).some((workload) => list(word(workload, DATA.reads)).includes(`log:${name}`)));

/** Topics that a user reads as a member of a group. */
function topicsFollowed(user: Resource, names: readonly string[]): readonly string[] {
  const acls = aclsOf(user);
  if (!acls.some(({ kind, operations }) => kind === 'group' && reads(operations))) return [];
  return acls
    .filter(({ kind, operations }) => kind === 'topic' && reads(operations))
    .flatMap(({ name, prefix }) => names.filter((topic) => (prefix ? topic.startsWith(name) : topic === name)));
}

const reads = (operations: readonly string[]) => operations.includes('Read') || operations.includes('All');

export interface Acl {
  readonly kind: string;
  readonly name: string;
  /** The name stands for all that begin with it. */
  readonly prefix: boolean;
  readonly operations: readonly string[];
  readonly path: string;
}

/** What a KafkaUser may do; an operation in the singular form along. */
export function aclsOf(user: Resource): readonly Acl[] {
  const acls = at(user, 'spec', 'authorization', 'acls');
  if (kindOf(user) !== 'KafkaUser' || !Array.isArray(acls)) return [];
  return acls.map((acl: Record<string, unknown>, index) => {
    const resource = (acl['resource'] ?? {}) as Record<string, unknown>;
    const operations = Array.isArray(acl['operations']) ? acl['operations'].map(String) : [String(acl['operation'] ?? 'All')];
    const prefix = resource['patternType'] === 'prefix';
    return {
      kind: String(resource['type']),
      name: String(resource['name'] ?? ''),
      prefix,
      operations,
      path: `spec.authorization.acls[${index}]`,
    };
  });
}
