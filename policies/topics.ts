import { USECASE } from '../app/usecases/annotations.ts';
import { DATA } from '../app/usecases/data-annotations.ts';
import { type ManifestEntry, manifestEntries } from './manifest-data.ts';
import { at, kindOf, ofKind, usecaseOf, word } from './read.ts';
import type { Resource } from './rule.ts';

export const isManagedTopic = ({ type }: Pick<Resource, 'type'>): boolean => type === 'aws:msk/topic:Topic';

/**
 * Every topic of the stack. One of MSK can carry no words: they stand in a manifest of topics beside it, by the topic's name,
 * and the topic is handed on as if it carried them.
 */
export function topicsOf(resources: readonly Resource[]): readonly Resource[] {
  const words = manifestEntries(resources, 'topics');
  const managed = ofKind(resources, 'Topic')
    .filter(isManagedTopic)
    .map((topic): Resource => {
      const name = String(at(topic, 'name') ?? topic.name);
      const said = words.find(({ key }) => key === `${name}.json`)?.document ?? {};
      const usecase = name.split('.')[0] ?? name;
      return {
        ...topic,
        props: { ...topic.props, spec: { topicName: name }, metadata: { labels: { [USECASE]: usecase }, annotations: said } },
      };
    });
  return [...ofKind(resources, 'KafkaTopic'), ...managed, ...listedTopics(resources, words)];
}

/**
 * Topics of a broker that no operator looks after. A run makes those of its list, `name partitions replicas key=value,…` a line;
 * each is handed on as the object that it would be.
 */
const listedTopics = (resources: readonly Resource[], words: readonly ManifestEntry[]): readonly Resource[] =>
  ofKind(resources, 'ConfigMap')
    .filter((list) => word(list, DATA.manifest) === 'topic-list')
    .flatMap((list) =>
      String(at(list, 'data', 'topics') ?? '')
        .split('\n')
        .filter(Boolean)
        .map((line) => listed(list, line, words)),
    );

function listed(list: Resource, line: string, words: readonly ManifestEntry[]): Resource {
  const [name = '', partitions, replicas, settings = ''] = line.split(' ');
  const annotations = words.find(({ key }) => key === `${name}.json`)?.document ?? {};
  const config = Object.fromEntries(settings.split(',').map((entry) => entry.split('=', 2)));
  return {
    ...list,
    type: 'kubernetes:kafka.strimzi.io/v1:KafkaTopic',
    name,
    props: {
      metadata: { name, labels: { [USECASE]: usecaseOf(list) }, annotations },
      spec: { topicName: name, partitions: Number(partitions), replicas: Number(replicas), config },
    },
  };
}

/** Settings of a topic, wherever its kind keeps them. */
export function topicSettings(topic: Resource): Readonly<Record<string, unknown>> {
  const found = kindOf(topic) === 'KafkaTopic' ? at(topic, 'spec', 'config') : at(topic, 'configs');
  try {
    return ((typeof found === 'string' ? JSON.parse(found) : found) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
