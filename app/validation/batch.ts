import type { Clock } from '../clock/port.ts';
import type { EventType, Row } from '../usecases/event.ts';
import type { Fault } from './fault.ts';
import type { ReferenceProfile } from './reference-profile.ts';
import { compileRules, rowFaults } from './rules.ts';
import { duplicateIds, setFaults, staleness } from './set-rules.ts';

export interface BatchOptions {
  readonly clock: Clock;
  /** What the event usually looks like; the volume and distribution rules rest without it. */
  readonly reference?: ReferenceProfile;
  /** Ids that earlier batches hold. */
  readonly seenIds?: { has(id: string): boolean };
  /**
   * Whether the rows come from behind the seal: the subject is a pseudonym and other fields of class `pii` are `enc:v1:…`.
   * Personal data in the clear is then a fault. @default true
   */
  readonly sealed?: boolean;
}

export interface BatchVerdict {
  /** Whether the batch may be published. Warnings do not count. */
  readonly passed: boolean;
  /** The first 100: row by row, then those of the whole. */
  readonly faults: readonly Fault[];
  /** A stale source: said, but no reason to hide rows that are right. */
  readonly warnings: readonly Fault[];
  readonly rows: number;
  /** Indexes of the rows that are wrong by themselves. */
  readonly badRows: readonly number[];
}

const MAX_FAULTS = 100;

/** Judges normalised rows by the door's rules each, and by the rules of sets together. */
export function auditBatch(event: EventType, rows: readonly Row[], options: BatchOptions): BatchVerdict {
  const { clock, reference, seenIds, sealed = true } = options;
  // One moment for the whole batch.
  const now = clock.now();
  const rules = compileRules(event);
  const faults: Fault[] = [];
  const badRows: number[] = [];
  for (const [index, row] of rows.entries()) {
    const found = rowFaults(rules, row, now, sealed);
    if (found.length === 0) continue;
    badRows.push(index);
    for (const fault of found) if (faults.length < MAX_FAULTS) faults.push(fault);
  }
  const ofTheSet = [...duplicateIds(event, rows, seenIds), ...setFaults(event, rows, reference)];
  faults.push(...ofTheSet.slice(0, Math.max(0, MAX_FAULTS - faults.length)));
  const passed = badRows.length === 0 && ofTheSet.length === 0;
  return { passed, faults, warnings: staleness(event, rows, now), rows: rows.length, badRows };
}
