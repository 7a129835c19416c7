import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { sealRow } from '../governance/seal.ts';
import type { EventType, Row } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { admit } from '../validation/door.ts';
import type { Fault } from '../validation/fault.ts';
import { type DeadLetter, sealRaw } from './dead-letter.ts';
import { openDedupe } from './dedupe.ts';
import { ingestion } from './errors.ts';
import type { EventLog, RecordPosition } from './event-log/port.ts';
import { rateCap } from './rate-cap.ts';
import { deadTopic, ensureTopics, eventTopic } from './topics.ts';

/** What became of one event, in the order they came. */
export type Receipt =
  | ({ readonly status: 'accepted' | 'duplicate'; readonly id: string } & RecordPosition)
  | { readonly status: 'refused'; readonly faults: readonly Fault[] };

export interface Intake {
  /**
   * Door, rate cap, dedupe by event id, seal, append. Resolves once every accepted event is durable in its topic and every
   * refused one in the dead letters. @throws MR_INGESTION_EVENT_UNKNOWN, MR_INGESTION_DISK_FULL
   */
  accept(event: string, raws: readonly unknown[], source: string, attempts?: number): Promise<readonly Receipt[]>;
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
  await ensureTopics(usecase, log);
  const seen = openDedupe(options.dedupeDir);
  const gates = new Map(usecase.events.map((event) => [event.name, { event, cap: rateCap(event.rules.maxPerKeyPerMinute) }]));
  /** Appends under way, by event and id: a duplicate that comes meanwhile waits for the first. */
  const underWay = new Map<string, Promise<RecordPosition>>();
  for (const { event } of gates.values()) {
    const idOf = (value: Buffer) => String((JSON.parse(value.toString('utf8')) as Row)[event.id]);
    const found = await seen.catchUp(event.name, eventTopic(usecase, event.name), log, idOf);
    if (found > 0) logger.info({ event: event.name, records: found }, 'indexed the ids of records that a crash left out');
  }

  async function bury(
    event: EventType,
    letters: readonly { raw: unknown; faults: readonly Fault[] }[],
    source: string,
    attempts: number,
  ): Promise<void> {
    if (letters.length === 0) return;
    const at = clock.now();
    const records = letters.map(({ raw, faults }) => {
      const letter: DeadLetter = { event: event.name, faults, at, source, attempts, raw: sealRaw(raw, keys) };
      return { key: event.name, value: Buffer.from(JSON.stringify(letter)) };
    });
    await log.append(deadTopic(usecase, event.name), records);
  }

  async function append(event: EventType, rows: readonly Row[]): Promise<readonly RecordPosition[]> {
    const records = rows.map((row) => {
      const sealed = sealRow(event, row, keys);
      return { key: String(sealed[event.key]), value: Buffer.from(JSON.stringify(sealed)) };
    });
    const positions = await log.append(eventTopic(usecase, event.name), records);
    crashPoint('ingestion.intake.after-append');
    await seen.remember(
      event.name,
      positions.map((position, index) => ({ id: String(rows[index]?.[event.id]), position })),
    );
    return positions;
  }

  return {
    async accept(name, raws, source, attempts = 1) {
      const gate = gates.get(name);
      if (gate === undefined) {
        throw ingestion.error('MR_INGESTION_EVENT_UNKNOWN', `the use case ${usecase.name} has no event '${name}'`, {
          field: 'event',
          value: name,
          expected: [...gates.keys()].join(', '),
        });
      }
      const { event, cap } = gate;
      const receipts: (Receipt | Promise<Receipt>)[] = [];
      const letters: { raw: unknown; faults: readonly Fault[] }[] = [];
      const fresh: { readonly slot: number; readonly id: string; readonly row: Row }[] = [];
      const refuse = (slot: number, raw: unknown, faults: readonly Fault[]) => {
        letters.push({ raw, faults });
        receipts[slot] = { status: 'refused', faults };
      };
      let resolveBatch: (positions: ReadonlyMap<string, RecordPosition>) => void = () => undefined;
      let rejectBatch: (cause: unknown) => void = () => undefined;
      const batch = new Promise<ReadonlyMap<string, RecordPosition>>((resolve, reject) => {
        resolveBatch = resolve;
        rejectBatch = reject;
      });
      batch.catch(() => undefined);

      for (const [slot, raw] of raws.entries()) {
        const admission = admit(event, raw, clock);
        if (!admission.ok) {
          refuse(slot, raw, admission.faults);
          continue;
        }
        const { row } = admission;
        const id = String(row[event.id]);
        const flight = `${name}\0${id}`;
        const known = seen.find(name, id);
        const pending = underWay.get(flight);
        if (known !== undefined) receipts[slot] = { status: 'duplicate', id, ...known };
        else if (pending !== undefined)
          receipts[slot] = pending.then((position): Receipt => ({ status: 'duplicate', id, ...position }));
        else if (cap.admits(String(row[event.key]), Number(row[event.time]))) {
          fresh.push({ slot, id, row });
          const landing = batch.then((positions) => positions.get(id) as RecordPosition);
          landing.catch(() => undefined);
          underWay.set(flight, landing);
        } else {
          refuse(slot, raw, [
            {
              field: event.key,
              value: '(pii)',
              expected: `at most ${event.rules.maxPerKeyPerMinute} events a minute`,
              reason: 'too many events of one key',
            },
          ]);
        }
      }
      try {
        const positions =
          fresh.length === 0
            ? []
            : await append(
                event,
                fresh.map(({ row }) => row),
              );
        resolveBatch(new Map(fresh.map(({ id }, index) => [id, positions[index] as RecordPosition])));
        for (const [index, { slot, id }] of fresh.entries())
          receipts[slot] = { status: 'accepted', id, ...(positions[index] as RecordPosition) };
        await bury(event, letters, source, attempts);
      } catch (cause) {
        rejectBatch(cause);
        throw cause;
      } finally {
        for (const { id } of fresh) underWay.delete(`${name}\0${id}`);
      }
      return Promise.all(receipts);
    },
    close: () => seen.close(),
  };
}
