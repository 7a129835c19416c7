import { setTimeout as pause } from 'node:timers/promises';
import { pipelineError } from '../errors.ts';

/** How long to wait, milliseconds. */
export interface Patience {
  readonly watched: number;
  /** Time that does not count as watched. */
  readonly paused: () => boolean;
  /** Paused time too. */
  readonly all: number;
}

/** What tells how long it took. */
export interface Time {
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}
const REAL: Time = { now: () => performance.now(), pause: (ms, signal) => pause(ms, undefined, { signal }) };

/** Longest wait for something that other parts of the loop bring about, milliseconds. */
const LONGEST_MS = 300_000;

/** Whether it came to hold within that time. Rejects once the loop closes. */
export async function within(
  { watched, all, paused }: Patience,
  holds: () => boolean,
  progress: () => void,
  closing: AbortSignal,
  time: Time = REAL,
): Promise<boolean> {
  const started = time.now();
  let at = started;
  let left = watched;
  while (!holds()) {
    if (left < 0 || at - started > all) return false;
    progress();
    await time.pause(100, closing);
    const now = time.now();
    if (!paused()) left -= now - at;
    at = now;
  }
  return true;
}

/** @throws MR_PIPELINES_LOOP_STUCK where it does not come to hold within 5 minutes */
export async function waitFor(what: string, holds: () => boolean, progress: () => void, closing: AbortSignal): Promise<void> {
  if (await within({ watched: LONGEST_MS, all: LONGEST_MS, paused: () => false }, holds, progress, closing)) return;
  throw pipelineError('MR_PIPELINES_LOOP_STUCK', `Waited ${LONGEST_MS / 1000} s in vain: ${what}`, {
    field: 'loop',
    value: what,
    expected: 'it to happen',
  });
}
