import { sumDoubles, sumLongs } from './exact-sum.ts';
import type { Slot } from './plan.ts';
import type { Scalar, StateEvent } from './state.ts';
import type { FeatureValue } from './value.ts';

/** One slot over the events `[from, until)`, which are in order. Nulls are ignored by everything but count. */
export function aggregate(slot: Slot, events: readonly StateEvent[], from: number, until: number): FeatureValue {
  switch (slot.op) {
    case 'count':
      return count(slot, events, from, until);
    case 'last':
      return newest(slot, events, from, until)[0] ?? null;
    case 'lastN':
      return newest(slot, events, from, until) as string[];
    case 'distinct':
      return new Set(present(slot, events, from, until)).size;
    default:
      return numeric(slot, present(slot, events, from, until) as number[]);
  }
}

function numeric(slot: Slot, values: readonly number[]): number | null {
  if (slot.op === 'sum') return finite(sum(slot, values));
  if (values.length === 0) return null;
  if (slot.op === 'mean') return finite(sum(slot, values) / values.length);
  const better = slot.op === 'min' ? Math.min : Math.max;
  return values.reduce((best, value) => better(best, value)) + 0;
}

const sum = (slot: Slot, values: readonly number[]): number => (slot.type === 'double' ? sumDoubles(values) : sumLongs(values));

const finite = (value: number): number | null => (Number.isFinite(value) ? value + 0 : null);

const meets = (slot: Slot, event: StateEvent): boolean => slot.filter < 0 || (event.mask & (1 << slot.filter)) !== 0;

function count(slot: Slot, events: readonly StateEvent[], from: number, until: number): number {
  if (slot.filter < 0) return until - from;
  let total = 0;
  for (let i = from; i < until; i++) {
    const event = events[i];
    if (event !== undefined && meets(slot, event)) total++;
  }
  return total;
}

function present(slot: Slot, events: readonly StateEvent[], from: number, until: number): Scalar[] {
  const values: Scalar[] = [];
  for (let i = from; i < until; i++) {
    const event = events[i];
    if (event === undefined || !meets(slot, event)) continue;
    const value = event.values[slot.column] ?? null;
    if (value !== null) values.push(value);
  }
  return values;
}

/** At most `slot.keeps` values, newest first. */
function newest(slot: Slot, events: readonly StateEvent[], from: number, until: number): Scalar[] {
  const values: Scalar[] = [];
  for (let i = until - 1; i >= from && values.length < slot.keeps; i--) {
    const event = events[i];
    if (event === undefined || !meets(slot, event)) continue;
    const value = event.values[slot.column] ?? null;
    if (value !== null) values.push(typeof value === 'number' ? value + 0 : value);
  }
  return values;
}
