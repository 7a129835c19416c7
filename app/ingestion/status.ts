import type { UseCase } from '../usecases/usecase.ts';
import type { EventLog } from './event-log/port.ts';
import { REPLAY_GROUP } from './replay.ts';
import { deadTopic, topicsOf } from './topics.ts';

export interface IngestionStatus {
  readonly topics: readonly { readonly name: string; readonly partitions: number; readonly records: number }[];
  readonly dead: readonly { readonly event: string; readonly letters: number; readonly notReplayed: number }[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What the log of a use case holds. */
export async function statusOf(usecase: UseCase, log: EventLog): Promise<IngestionStatus> {
  // Answers have no topic before the first server starts.
  const made = new Set((await log.topics()).map(({ name }) => name));
  const topics = await Promise.all(
    topicsOf(usecase)
      .filter(({ name }) => made.has(name))
      .map(async ({ name, partitions }) => ({ name, partitions, records: sum(await log.endOffsets(name)) })),
  );
  const dead = await Promise.all(
    usecase.events.map(async ({ name }) => {
      const letters = sum(await log.endOffsets(deadTopic(usecase, name)));
      return { event: name, letters, notReplayed: letters - sum(await log.committed(REPLAY_GROUP, deadTopic(usecase, name))) };
    }),
  );
  return { topics, dead };
}
