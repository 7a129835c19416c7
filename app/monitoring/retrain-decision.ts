import type { Micros } from '../clock/port.ts';
import type { DriftAsk } from './drift.ts';

/** What is known of a model's retrainings so far. */
export interface Retrained {
  readonly running: boolean;
  /** When the newest one started. */
  readonly startedAt: Micros | undefined;
  /** When the newest one that is over ended, well or not. */
  readonly endedAt: Micros | undefined;
}

const minutes = (duration: Micros): string => `${Math.ceil(duration / 60_000_000)} min`;

/** Why no retraining may start now; undefined where one may. Never two at once, and a cool-down from one start to the next. */
export function heldBack({ running, startedAt }: Retrained, coolDown: Micros, now: Micros): string | undefined {
  if (running) return 'a retraining runs';
  if (startedAt === undefined || now - startedAt >= coolDown) return undefined;
  return `the cool-down holds for another ${minutes(startedAt + coolDown - now)}`;
}

/**
 * The same for one that a drift asks for. A window that began before the last retraining ended says nothing about what that
 * one brought, so it is passed over.
 */
export function passedOver(
  { drift, reading }: DriftAsk,
  retrained: Retrained,
  coolDown: Micros,
  now: Micros,
): string | undefined {
  if (retrained.endedAt !== undefined && reading.since < retrained.endedAt)
    return `the window of ${drift.feature} began before the last retraining ended`;
  return heldBack(retrained, coolDown, now);
}
