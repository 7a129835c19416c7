import type { Micros } from '../clock/port.ts';
import type { FeatureValue } from '../features/value.ts';
import { trainingError } from './errors.ts';
import type { Moment } from './evaluate.ts';
import { countBefore, type Interactions } from './interactions.ts';

/** Rolling origin: a model learns from all events before `origin` and is judged on those in [origin, end). */
export interface Fold {
  readonly origin: Micros;
  readonly end: Micros;
}

/** Below so many judged users an interval says little, and the horizon is widened. */
const ENOUGH_USERS = 200;
/** Share of the history that one fold may take. */
const WIDEST = 0.2;
/** Share of the events that the first training part must hold. */
const LEAST_PAST = 0.2;

/**
 * Folds end to end, newest first; the newest ends just after the last event. The horizon is doubled, up to a fifth of
 * the history, while fewer than 100 users act in the newest fold. A fold that leaves less than a fifth of the events
 * to learn from is left out.
 * @throws MR_TRAINING_TOO_LITTLE_DATA where that leaves no fold
 */
export function planFolds(events: Interactions, options: { readonly count: number; readonly horizon: Micros }): readonly Fold[] {
  const size = events.at.length;
  const until = ((events.at[size - 1] ?? -1) as number) + 1;
  const span = until - (events.at[0] ?? 0);
  let horizon = options.horizon;
  while (usersBetween(events, until - horizon, until) < ENOUGH_USERS && horizon * 2 <= span * WIDEST) horizon *= 2;
  const folds = Array.from({ length: options.count }, (_, index) => ({
    origin: until - (index + 1) * horizon,
    end: until - index * horizon,
  })).filter(({ origin }) => countBefore(events, origin) >= Math.max(1, size * LEAST_PAST));
  if (folds.length > 0) return folds;
  const hours = (time: Micros) => `${Math.round(time / 3.6e9)} h`;
  throw trainingError('MR_TRAINING_TOO_LITTLE_DATA', `${size} events over ${hours(span)} leave nothing to learn from`, {
    field: 'model.folds.horizon',
    value: hours(horizon),
    expected: `a history well over one horizon, with a fifth of the events before it`,
  });
}

function usersBetween(events: Interactions, from: Micros, to: Micros): number {
  return new Set(events.user.subarray(countBefore(events, from), countBefore(events, to))).size;
}

/** A moment before its features are known. */
export interface MomentDraft {
  readonly entity: string;
  /** Features are as of this time, events at it included. */
  readonly at: Micros;
  readonly segment: string;
  /** Distinct items of the hits that follow in the fold, in order of time. */
  readonly touched: readonly string[];
}

/**
 * One moment per user who acts in the fold: just before the first event there. A user without events before the origin
 * is judged just after the first one, which is all the platform can know. Ordered by time, then entity.
 */
export function draftMoments(
  events: Interactions,
  fold: Fold,
  segments: Readonly<Record<string, number>>,
): readonly MomentDraft[] {
  const from = countBefore(events, fold.origin);
  const past = new Int32Array(events.users.length);
  for (let e = 0; e < from; e += 1) past[events.user[e] as number] = (past[events.user[e] as number] as number) + 1;
  const open = new Map<number, { at: Micros; known: number; touched: Set<string> }>();
  for (let e = from; e < countBefore(events, fold.end); e += 1) {
    const user = events.user[e] as number;
    const time = events.at[e] as number;
    const before = past[user] as number;
    const moment = open.get(user) ?? { at: before === 0 ? time : time - 1, known: before, touched: new Set<string>() };
    open.set(user, moment);
    if (time <= moment.at) moment.known += 1;
    else if (events.hit[e] === 1) moment.touched.add(events.items[events.item[e] as number] as string);
  }
  return [...open]
    .map(([user, { at, known, touched }]) => ({
      entity: events.users[user] as string,
      at,
      segment: segmentOf(segments, known),
      touched: [...touched],
    }))
    .filter(({ touched }) => touched.length > 0)
    .sort((a, b) => a.at - b.at || (a.entity < b.entity ? -1 : 1));
}

/** The last segment whose lower bound the number of past interactions reaches. */
export function segmentOf(segments: Readonly<Record<string, number>>, past: number): string {
  const reached = Object.entries(segments).filter(([, least]) => past >= least);
  return reached.sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'all';
}

/** Joins features to drafts, index by index; a moment whose every touched item is held back by the seen filter is left out. */
export function completeMoments(
  drafts: readonly MomentDraft[],
  features: readonly ReadonlyMap<string, FeatureValue>[],
  recentInput: string,
): readonly Moment[] {
  return drafts.flatMap(({ entity, at, segment, touched }, index) => {
    const inputs = features[index] ?? new Map<string, FeatureValue>();
    const recent = inputs.get(recentInput);
    const seen = new Set(Array.isArray(recent) ? (recent as readonly string[]) : []);
    const relevant = new Set(touched.filter((item) => !seen.has(item)));
    return relevant.size === 0 ? [] : [{ entity, at, segment, inputs, relevant }];
  });
}
