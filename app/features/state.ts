import type { Micros } from '../clock/port.ts';
import type { Row } from '../usecases/event.ts';
import type { Condition, FeatureView } from '../usecases/feature.ts';
import { aggregate } from './aggregate.ts';
import { compareCodePoints } from './code-points.ts';
import { featureError } from './errors.ts';
import { type Plan, planOf, type Tree } from './plan.ts';
import type { FeatureValue, FeatureValues } from './value.ts';

export type Scalar = string | number | boolean | null;

/** One event as the state keeps it: only what some slot reads. */
export interface StateEvent {
  readonly time: Micros;
  /** Breaks ties in time; undefined where nothing depends on the order any more. */
  id: string | undefined;
  /** Bit i is set where the event meets the plan's filter i. */
  readonly mask: number;
  /** By the plan's columns. */
  readonly values: Scalar[];
}

/** What the stream keeps of one entity: its events still inside the longest window, in order. */
export interface StreamState {
  /** Undefined until the first event. */
  partition: number | undefined;
  /** The next offset to apply; rows before it are in, or were never of this entity. */
  nextOffset: number;
  newest: Micros;
  /** Moments before this can no longer be evaluated, since something they need was let go. */
  settled: Micros;
  /** By (time, id in code points, arrival). */
  events: StateEvent[];
}

/** The `settled` of a state that still holds everything. */
export const UNSETTLED: Micros = -Number.MAX_SAFE_INTEGER;

export interface Position {
  readonly partition: number;
  readonly offset: number;
}

export const emptyState = (_view: FeatureView): StreamState => ({
  partition: undefined,
  nextOffset: 0,
  newest: UNSETTLED,
  settled: UNSETTLED,
  events: [],
});

/**
 * Puts one event of the entity into the state, in place, and returns it. A late event counts as soon as it is applied;
 * one at an offset already applied is skipped, so a batch that is read twice counts once.
 * @throws MR_FEATURES_PARTITION_MOVED where the entity's earlier events came from another partition
 */
export function applyEvent(view: FeatureView, state: StreamState, row: Row, position: Position): StreamState {
  const plan = planOf(view);
  const { partition, offset } = position;
  if (state.partition !== undefined && state.partition !== partition) {
    throw featureError(
      'MR_FEATURES_PARTITION_MOVED',
      `${view.name}: rows of partition ${state.partition}, now one of ${partition}`,
      {
        field: 'partition',
        value: partition,
        expected: String(state.partition),
      },
    );
  }
  if (offset < state.nextOffset) return state;
  state.partition = partition;
  state.nextOffset = offset + 1;
  const time = row[view.source.time] as Micros;
  state.newest = Math.max(state.newest, time);
  const mask = maskOf(plan, row);
  if (!plan.slots.some(({ filter }) => filter < 0 || (mask & (1 << filter)) !== 0)) return state;
  const event: StateEvent = {
    time,
    id: plan.ordered ? String(row[view.source.id]) : undefined,
    mask,
    values: plan.columns.map(({ field }) => row[field] ?? null),
  };
  const { events } = state;
  let at = events.length;
  for (let before = events[at - 1]; before !== undefined && mayFollow(before, event); before = events[at - 1]) at--;
  events.splice(at, 0, event);
  return state;
}

/**
 * Equal time and id keep the order of arrival, which is the order of offsets. A known event of the same time whose id was
 * let go stands anywhere among its ties, so the search goes on past it to those that still have theirs.
 */
function mayFollow(known: StateEvent, arriving: StateEvent): boolean {
  if (known.time !== arriving.time) return known.time > arriving.time;
  if (arriving.id === undefined) return false;
  return known.id === undefined || compareCodePoints(known.id, arriving.id) > 0;
}

const maskOf = (plan: Plan, row: Row): number =>
  plan.filters.reduce(
    (mask, conditions, i) => (conditions.every((condition) => holds(condition, row)) ? mask | (1 << i) : mask),
    0,
  );

function holds(condition: Condition, row: Row): boolean {
  const value = row[condition.field] ?? null;
  if (condition.test === 'null') return value === null;
  if (value === null) return false;
  switch (condition.test) {
    case 'present':
      return true;
    case 'in':
      return condition.values.includes(value);
    case 'lt':
      return Number(value) < condition.than;
    case 'le':
      return Number(value) <= condition.than;
    case 'gt':
      return Number(value) > condition.than;
    case 'ge':
      return Number(value) >= condition.than;
  }
}

/**
 * The view's values at the moment `t`: over events with time in `(t - window, t]`.
 * @throws MR_FEATURES_MOMENT_SETTLED where the state no longer holds what `t` needs (older than the newest event - maxAhead)
 */
export function evaluate(view: FeatureView, state: StreamState, t: Micros): FeatureValues {
  const plan = planOf(view);
  if (t < state.settled) {
    throw featureError('MR_FEATURES_MOMENT_SETTLED', `${view.name} at ${t}: the row holds moments from ${state.settled} on`, {
      field: 't',
      value: t,
      expected: `at least ${state.settled}`,
    });
  }
  const until = firstAfter(state.events, t);
  const slots = plan.slots.map((slot) => aggregate(slot, state.events, firstAfter(state.events, t - slot.window), until));
  return Object.fromEntries(plan.outputs.map(({ name, tree }) => [name, treeValue(tree, slots)]));
}

function treeValue(tree: Tree, slots: readonly FeatureValue[]): FeatureValue {
  if ('slot' in tree) return slots[tree.slot] ?? null;
  const of = treeValue(tree.of, slots);
  const to = treeValue(tree.to, slots);
  if (typeof of !== 'number' || typeof to !== 'number' || to === 0) return null;
  const quotient = of / to;
  return Number.isFinite(quotient) ? quotient + 0 : null;
}

/** Index of the first event later than `t`. */
function firstAfter(events: readonly StateEvent[], t: Micros): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const event = events[middle];
    if (event !== undefined && event.time <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}
