import { crashPoint } from '../crash-point.ts';
import type { DedupeIndex } from './dedupe.ts';
import type { EventLog, LogRecord, RecordPosition } from './event-log/port.ts';

/** Appends that happen once by id, also across a crash and between callers at the same moment. */
export interface OnceLog {
  /** Where the id lies, or will once the append under way is durable; undefined for a new one. */
  known(scope: string, id: string): RecordPosition | Promise<RecordPosition> | undefined;
  /** Appends new ids, with the record that `records` makes of each. From this call on `known` finds them; a failed append forgets them again. */
  append(
    scope: string,
    topic: string,
    ids: readonly string[],
    records: () => Promise<readonly LogRecord[]>,
  ): Promise<readonly RecordPosition[]>;
  /** Waits for appends under way. */
  settled(): Promise<void>;
}

export function onceLog(log: EventLog, index: DedupeIndex): OnceLog {
  const underWay = new Map<string, Promise<RecordPosition>>();
  const flight = (scope: string, id: string) => `${scope}\0${id}`;
  return {
    known: (scope, id) => underWay.get(flight(scope, id)) ?? index.find(scope, id),
    append(scope, topic, ids, records) {
      if (ids.length === 0) return Promise.resolve([]);
      const write = async () => {
        const found = await log.append(topic, await records());
        crashPoint('ingestion.intake.after-append');
        await index.remember(
          scope,
          ids.map((id, i) => ({ id, position: found[i] as RecordPosition })),
        );
        return found;
      };
      const remembered = write();
      for (const [i, id] of ids.entries()) {
        const landing = remembered.then((found) => found[i] as RecordPosition);
        const forget = () => void underWay.delete(flight(scope, id));
        landing.then(forget, forget);
        underWay.set(flight(scope, id), landing);
      }
      return remembered;
    },
    async settled() {
      await Promise.allSettled(underWay.values());
    },
  };
}
