import type { KeyStore } from '../governance/keys/port.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { type DeadLetter, openLetter, readLetter } from './dead-letter.ts';
import type { EventLog } from './event-log/port.ts';
import type { Intake } from './intake.ts';
import { deadTopic } from './topics.ts';

/** Consumer group of the replay: a letter below its offset had its next try. */
export const REPLAY_GROUP = 'ingestion.replay';

const BATCH = 500;
const PARTITION = 0;

/** A dead letter as a person may read it: without the event itself. */
export interface ListedLetter extends Omit<DeadLetter, 'raw' | 'sealedFor'> {
  readonly offset: number;
  readonly replayed: boolean;
}

export interface ReplayCount {
  readonly replayed: number;
  readonly accepted: number;
  readonly duplicates: number;
  /** Back among the dead letters, with one try more. */
  readonly refused: number;
  /** The person was erased meanwhile, or the event was too large to keep. */
  readonly gone: number;
}

interface Letters {
  readonly usecase: UseCase;
  readonly log: EventLog;
  readonly event: string;
}

/** The newest letters first. */
export async function listLetters(options: Letters & { readonly limit: number }): Promise<readonly ListedLetter[]> {
  const topic = deadTopic(options.usecase, options.event);
  const [end = 0] = await options.log.endOffsets(topic);
  const [next = 0] = await options.log.committed(REPLAY_GROUP, topic);
  const from = Math.max(0, end - options.limit);
  const records = await options.log.read(topic, PARTITION, from, end - from);
  return records
    .map(({ offset, value }) => {
      const { raw: _raw, sealedFor: _sealedFor, ...letter } = readLetter(value);
      return { ...letter, offset, replayed: offset < next };
    })
    .reverse();
}

/**
 * Brings each letter before the door once more. The offset is committed after its events are durable, and both an accepted
 * event and a second refusal are known by id, so a crash half-way doubles nothing.
 */
export async function replayLetters(
  options: Letters & { readonly keys: KeyStore; readonly intake: Pick<Intake, 'accept'> },
): Promise<ReplayCount> {
  const { log, intake } = options;
  const topic = deadTopic(options.usecase, options.event);
  const count = { replayed: 0, accepted: 0, duplicates: 0, refused: 0, gone: 0 };
  // Letters that this run writes are left for the next.
  const [end = 0] = await log.endOffsets(topic);
  let [next = 0] = await log.committed(REPLAY_GROUP, topic);
  while (next < end) {
    const records = await log.read(topic, PARTITION, next, Math.min(BATCH, end - next));
    const tries = new Map<string, { source: string; attempts: number; raws: unknown[] }>();
    for (const { value } of records) {
      const letter = readLetter(value);
      const opened = await openLetter(letter, options.keys);
      if ('missing' in opened) {
        count.gone += 1;
        continue;
      }
      const alike = `${letter.attempts} ${letter.source}`;
      const group = tries.get(alike) ?? { source: letter.source, attempts: letter.attempts + 1, raws: [] };
      group.raws.push(opened.raw);
      tries.set(alike, group);
    }
    for (const { source, attempts, raws } of tries.values()) {
      for (const { status } of await intake.accept(options.event, raws, source, attempts)) {
        if (status === 'accepted') count.accepted += 1;
        else if (status === 'duplicate') count.duplicates += 1;
        else count.refused += 1;
      }
    }
    // The oldest may be gone: then they begin behind the offset, or there are none.
    next = records.length === 0 ? end : (records.at(-1)?.offset ?? next) + 1;
    count.replayed += records.length;
    await log.commit(REPLAY_GROUP, topic, PARTITION, next);
  }
  return count;
}
