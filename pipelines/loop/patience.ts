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

/** Longest wait for something that other parts of the loop bring about, milliseconds. */
const LONGEST_MS = 300_000;

/** Whether it came to hold within that time. Rejects once the loop closes. */
export async function within(
  { watched, all, paused }: Patience,
  holds: () => boolean,
  progress: () => void,
  closing: AbortSignal,
): Promise<boolean> {
  const started = performance.now();
  let at = started;
  let left = watched;
  while (!holds()) {
    if (left < 0 || at - started > all) return false;
    progress();
    await pause(100, undefined, { signal: closing });
    const now = performance.now();
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
