import { USECASE } from '../app/usecases/annotations.ts';
import { manifestEntries } from './manifest-data.ts';
import { at, kindOf, ofKind } from './read.ts';
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
  return [...ofKind(resources, 'KafkaTopic'), ...managed];
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
