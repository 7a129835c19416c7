import type { UseCase } from '../usecases/usecase.ts';
import type { EventLog, TopicSpec } from './event-log/port.ts';

/** Partitions of an event that has no stream among its sources. */
const PARTITIONS = 4;

export const eventTopic = (usecase: UseCase, event: string): string => `${usecase.name}.${event}`;

/** Events refused at the door, with the reason. */
export const deadTopic = (usecase: UseCase, event: string): string => `${usecase.name}.${event}.dead`;

/** Every answer that serving gave. */
export const predictionTopic = (usecase: UseCase): string => `${usecase.name}.prediction`;

/** All topics of a use case. Dead letters keep one order, so they have one partition. */
export function topicsOf(usecase: UseCase): readonly TopicSpec[] {
  const partitions = (event: string) =>
    usecase.sources.flatMap((source) => (source.kind === 'stream' && source.into === event ? [source.partitions] : []))[0] ??
    PARTITIONS;
  return [
    ...usecase.events.flatMap(({ name }) => [
      { name: eventTopic(usecase, name), partitions: partitions(name) },
      { name: deadTopic(usecase, name), partitions: 1 },
    ]),
    { name: predictionTopic(usecase), partitions: PARTITIONS },
  ];
}

/** Makes the topics that are missing; all of the use case's where none are named. */
export async function ensureTopics(usecase: UseCase, log: EventLog, names?: readonly string[]): Promise<void> {
  for (const topic of topicsOf(usecase)) if (names?.includes(topic.name) !== false) await log.ensureTopic(topic);
}
