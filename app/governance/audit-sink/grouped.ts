import { checkAction } from '../catalogue.ts';
import { GROUP } from './ledger.ts';
import type { AuditAct, AuditRecord } from './port.ts';

export interface GroupedActs {
  /** @throws MR_GOVERNANCE_ACTION_UNKNOWN, and what the write throws */
  append(act: AuditAct): Promise<AuditRecord>;
  /** Resolves once nothing waits. */
  settled(): Promise<void>;
}

interface Waiting {
  readonly act: AuditAct;
  readonly resolve: (record: AuditRecord) => void;
  readonly reject: (error: unknown) => void;
}

/** Lets acts wait for their turn to write, and writes those that waited together, in their order. */
export function groupedActs(
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
  write: (acts: readonly AuditAct[]) => Promise<readonly AuditRecord[]>,
): GroupedActs {
  let waiting: Waiting[] = [];
  let draining: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      let group: readonly Waiting[] | undefined;
      const take = () => {
        const taken = waiting.slice(0, GROUP);
        waiting = waiting.slice(GROUP);
        return taken;
      };
      try {
        const records = await inTurn(() => {
          // What waits by now, so that acts of one moment are one write.
          group = take();
          return write(group.map(({ act }) => act));
        });
        for (const [i, record] of records.entries()) group?.[i]?.resolve(record);
      } catch (error) {
        // Where the turn never came, those who waited for it are told.
        for (const one of group ?? take()) one.reject(error);
      }
    }
    draining = undefined; // In the same turn that saw nothing waiting, so that no act falls between.
  };

  return {
    append: (act) =>
      new Promise((resolve, reject) => {
        checkAction(act.action);
        waiting.push({ act, resolve, reject });
        draining ??= drain();
      }),
    settled: async () => draining,
  };
}
