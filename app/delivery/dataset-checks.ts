import { HOUR, type Micros } from '../clock/port.ts';
import type { ReleaseManifest } from '../registry/release.ts';
import type { Fold } from '../training/folds.ts';
import { atMost, type Check, equal } from './check.ts';

/** Where in time a version was judged, of whatever kind it is. */
export interface JudgedSpan {
  /** The newest one. */
  readonly fold: Fold;
  /** Times of what could be learnt from, ascending. */
  readonly events: { readonly at: ArrayLike<number> };
  /** Of the query that read the events. */
  readonly queryHash: string;
}

/** Share of the history's length that may have passed since its end. */
const HISTORY_SHARE = 0.1;

/** Whether the data that a version learnt from is the one its manifest names, and is recent enough. */
export function checkDataset(
  { dataset }: ReleaseManifest,
  champion: ReleaseManifest | undefined,
  data: JudgedSpan,
  now: Micros,
): readonly Check[] {
  return [
    equal('dataset', dataset.queryHash, data.queryHash, 'the query that reads the training set'),
    checkStaleness(dataset.until, champion?.dataset.until, data, now),
  ];
}

/**
 * The newest fold tells how a model does over the fold's length after the last event it knows. So data may be as old as
 * that, or a tenth of the history where that is longer; and a version never knows less of late than the champion.
 */
function checkStaleness(
  until: Micros,
  championUntil: Micros | undefined,
  { fold, events }: Pick<JudgedSpan, 'fold' | 'events'>,
  now: Micros,
): Check {
  const history = until - ((events.at[0] ?? until) as number);
  const limit = Math.max(fold.end - fold.origin, history * HISTORY_SHARE) / HOUR;
  const check = atMost('staleness', (now - until) / HOUR, limit, 'age in hours of the newest event learnt from');
  if (championUntil === undefined || until >= championUntil) return check;
  const behind = ((championUntil - until) / HOUR).toPrecision(3);
  return { ...check, passed: false, reason: `the champion has learnt from events that are ${behind} h newer` };
}
