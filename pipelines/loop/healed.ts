import type { Micros } from '../../app/clock/port.ts';
import type { Loop } from './loop.ts';

/** When the drift that the loop reports healed; undefined while it is open, or where there was none. */
export function healedAt(loop: Pick<Loop, 'drift' | 'monitor'>): Micros | undefined {
  const drift = loop.drift();
  const at = drift === undefined ? undefined : loop.monitor()?.state().healed.get(drift.feature);
  return drift !== undefined && at !== undefined && at >= drift.detectedAt ? at : undefined;
}
