import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { sealRow } from '../governance/seal.ts';
import type { EventType, Row } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { admit } from '../validation/door.ts';
import type { Fault } from '../validation/fault.ts';
import { deadLetter } from './dead-letter.ts';
import { openDedupe } from './dedupe.ts';
import { ingestionError } from './errors.ts';
import type { EventLog, LogRecord, RecordPosition } from './event-log/port.ts';
import { onceLog } from './once.ts';
import { rateCap } from './rate-cap.ts';
import { type ListedLetter, listLetters, type ReplayCount, replayLetters } from './replay.ts';
import { type IngestionStatus, statusOf } from './status.ts';
import { deadTopic, ensureTopics, eventTopic } from './topics.ts';

/** What became of one event, in the order they came. */
export type Receipt =
  | ({ readonly status: 'accepted' | 'duplicate'; readonly id: string } & RecordPosition)
  | { readonly status: 'refused'; readonly faults: readonly Fault[] };

export interface Intake {
  /**
   * Door, dedupe by event id, rate cap, seal, append. Resolves once every accepted event is durable in its topic and every
   * refused one in the dead letters, once however often it is sent. @throws MR_INGESTION_EVENT_UNKNOWN, MR_INGESTION_DISK_FULL
   */
  accept(event: string, raws: readonly unknown[], source: string, attempts?: number): Promise<readonly Receipt[]>;
  /** Newest dead letters first. */
  letters(event: string, limit: number): Promise<readonly ListedLetter[]>;
  /** Brings the dead letters that were not replayed yet before the door again. */
  replay(event: string): Promise<ReplayCount>;
  status(): Promise<IngestionStatus>;
  close(): Promise<void>;
}

export interface IntakeOptions {
  readonly usecase: UseCase;
  readonly log: EventLog;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Folder of the index of event ids. */
  readonly dedupeDir: string;
}

/** The one way in, for collector, uploads, replays and the simulator alike: an event is taken once, whoever brings it. */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { usecase, log, keys, clock, logger } = options;
  const own = usecase.events.flatMap(({ name }) => [eventTopic(usecase, name), deadTopic(usecase, name)]);
  await ensureTopics(usecase, log, own);
  const index = openDedupe(options.dedupeDir, logger);
  const once = onceLog(log, index);
  const gates = new Map(usecase.events.map((event) => [event.name, { event, cap: rateCap(event.rules.maxPerKeyPerMinute) }]));
  const deadScope = (event: EventType) => `${event.name}.dead`;
  for (const { event } of gates.values()) {
    const found =
      (await index.catchUp(event.name, eventTopic(usecase, event.name), log, ({ value }) => idOf(event, value))) +
      (await index.catchUp(deadScope(event), deadTopic(usecase, event.name), log, ({ key }) => key));
    if (found > 0) logger.info({ event: event.name, records: found }, 'indexed the ids of records that a crash left out');
  }

  function gateOf(name: string) {
    const gate = gates.get(name);
    if (gate !== undefined) return gate;
    throw ingestionError('MR_INGESTION_EVENT_UNKNOWN', `the use case ${usecase.name} has no event '${name}'`, {
      field: 'event',
      value: name,
      expected: [...gates.keys()].join(', '),
    });
  }

  function append(event: EventType, rows: ReadonlyMap<string, Row>): Promise<readonly RecordPosition[]> {
    const fresh = [...rows.values()];
    return once.append(event.name, eventTopic(usecase, event.name), [...rows.keys()], async () => {
      const subject = Object.entries(event.fields).find(([, field]) => field.subject)?.[0];
      if (subject !== undefined) await keys.prepare(fresh.map((row) => String(row[subject])));
      return Promise.all(fresh.map((row) => sealed(event, row)));
    });
  }

  async function sealed(event: EventType, row: Row): Promise<LogRecord> {
    const value = await sealRow(event, row, keys);
    return { key: String(value[event.key]), value: Buffer.from(JSON.stringify(value)) };
  }

  async function bury(event: EventType, refused: readonly Refused[], source: string, attempts: number): Promise<void> {
    const at = clock.now();
    const fresh = new Map<string, LogRecord>();
    const waiting: (RecordPosition | Promise<RecordPosition>)[] = [];
    const letters = refused.map(({ raw, faults }) => deadLetter(event, raw, { faults, at, source, attempts }, keys));
    for (const { id, record } of await Promise.all(letters)) {
      const known = once.known(deadScope(event), id);
      if (known === undefined) fresh.set(id, record);
      else waiting.push(known);
    }
    const appended = once.append(deadScope(event), deadTopic(usecase, event.name), [...fresh.keys()], async () => [
      ...fresh.values(),
    ]);
    await Promise.all([appended, ...waiting]);
  }

  const intake: Intake = {
    async accept(name, raws, source, attempts = 1) {
      const { event, cap } = gateOf(name);
      const judged = raws.map((raw): Judged => {
        const admission = admit(event, raw, clock);
        return admission.ok ? { row: admission.row, id: String(admission.row[event.id]) } : { raw, faults: admission.faults };
      });
      const fresh = new Map<string, Row>();
      const known = new Map<string, RecordPosition | Promise<RecordPosition>>();
      // Nothing is awaited between the look at the index and the append, so no other call comes between the two.
      const outcomes = judged.map((one, slot): Judged => {
        if ('faults' in one || fresh.has(one.id) || known.has(one.id)) return one;
        const found = once.known(name, one.id);
        if (found !== undefined) known.set(one.id, found);
        else if (cap.admits(String(one.row[event.key]), Number(one.row[event.time]))) fresh.set(one.id, one.row);
        else return { raw: raws[slot], faults: [tooMany(event)] };
        return one;
      });
      const refused = outcomes.filter((one) => 'faults' in one);
      const [landed, ...earlier] = await Promise.all([
        append(event, fresh),
        ...[...known.values()],
        bury(event, refused, source, attempts),
      ]);
      const positions = new Map<string, RecordPosition>();
      for (const [i, id] of [...fresh.keys()].entries()) positions.set(id, landed[i] as RecordPosition);
      for (const [i, id] of [...known.keys()].entries()) positions.set(id, earlier[i] as RecordPosition);
      return outcomes.map((one): Receipt => {
        if ('faults' in one) return { status: 'refused', faults: one.faults };
        const status = fresh.delete(one.id) ? 'accepted' : 'duplicate';
        return { status, id: one.id, ...(positions.get(one.id) as RecordPosition) };
      });
    },
    letters: async (event, limit) => listLetters({ usecase, log, event: gateOf(event).event.name, limit }),
    replay: async (event) => replayLetters({ usecase, log, keys, intake, event: gateOf(event).event.name }),
    status: () => statusOf(usecase, log),
    async close() {
      await once.settled();
      await index.close();
    },
  };
  return intake;
}

interface Refused {
  readonly raw: unknown;
  readonly faults: readonly Fault[];
}

type Judged = Refused | { readonly row: Row; readonly id: string };

const idOf = (event: EventType, value: Buffer): string => String((JSON.parse(value.toString('utf8')) as Row)[event.id]);

const tooMany = (event: EventType): Fault => ({
  field: event.key,
  value: event.fields[event.key]?.class === 'pii' ? '(pii)' : '(key)',
  expected: `at most ${event.rules.maxPerKeyPerMinute} events a minute`,
  reason: 'too many events of one key',
});
