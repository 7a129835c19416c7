import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../clock/port.ts';
import type { Action, CommitInfo } from './delta/actions.ts';
import type { DeltaLog } from './delta/log.ts';
import { checkWritable, type TableState } from './delta/state.ts';
import { lakeError } from './errors.ts';

/** What to commit on top of a state; undefined where there is nothing (left) to do. */
export interface Change {
  readonly operation: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** True where the change does not depend on what the table held. */
  readonly blindAppend?: boolean;
  readonly actions: readonly Action[];
}

/** Lost races before giving up; each one means that another writer went ahead, so the table as a whole moves on. */
const MAX_ATTEMPTS = 200;

/** Longest wait after a lost race, milliseconds. */
const MAX_WAIT_MS = 50;

/**
 * Optimistic commit: reads the newest state, lets `plan` say what to add to it, writes the next version if it is still
 * free, and where it is not plans again on the new state. An append that lost the race is thereby rebased; a plan that no
 * longer holds says so by undefined or by throwing.
 * @throws MR_LAKE_COMMIT_CONFLICT when the race was lost too often; MR_LAKE_PROTOCOL_UNSUPPORTED for a newer table
 */
export async function transact<S extends TableState | undefined>(
  log: DeltaLog,
  clock: Clock,
  read: () => Promise<S>,
  plan: (state: S, nowMs: number) => Promise<Change | undefined> | Change | undefined,
): Promise<TableState | S> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const state = await read();
    if (state !== undefined) checkWritable(state);
    // Versions and times go forward together, also where a writer's clock lags behind another's.
    const nowMs = Math.max(Math.floor(clock.now() / 1000), state?.timestampMs ?? 0);
    const change = await plan(state, nowMs);
    if (change === undefined) return state;
    const committed = await log.append(state, [{ commitInfo: commitInfo(change, state, nowMs) }, ...change.actions]);
    if (committed !== undefined) return committed;
    await setTimeout(Math.random() * Math.min(MAX_WAIT_MS, attempt * 2));
  }
  throw lakeError(
    'MR_LAKE_COMMIT_CONFLICT',
    `table ${log.table}: ${MAX_ATTEMPTS} commits in a row lost the race to other writers`,
    {
      field: log.table,
      value: MAX_ATTEMPTS,
      expected: 'fewer writers at once',
    },
  );
}

function commitInfo(change: Change, state: TableState | undefined, nowMs: number): CommitInfo {
  return {
    timestamp: nowMs,
    operation: change.operation,
    operationParameters: change.parameters ?? {},
    ...(state === undefined ? {} : { readVersion: state.version }),
    isBlindAppend: change.blindAppend ?? false,
    engineInfo: 'Millrace',
  };
}
