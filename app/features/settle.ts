import type { Micros } from '../clock/port.ts';
import type { Plan } from './plan.ts';
import { type StateEvent, type StreamState, UNSETTLED } from './state.ts';

/**
 * Lets go, in place, of what no legal evaluation can need. The door refuses events further ahead of the clock than
 * `maxAhead`, so the clock has passed `newest - maxAhead`, and no request asks for an earlier moment. Goes by slot:
 * an event outside every window leaves; a value leaves once it is outside the windows that read it, or once `n` newer
 * ones stand before it in every `lastN` that does; an id leaves with the last value whose order matters.
 */
export function settle(plan: Plan, state: StreamState): void {
  const moment = state.newest - plan.maxAhead;
  const kept = plan.slots.map(() => 0);
  const events: StateEvent[] = [];
  let released = false;
  for (let i = state.events.length - 1; i >= 0; i--) {
    const event = state.events[i] as StateEvent;
    const need = needOf(plan, event, moment, kept);
    released ||= need.released;
    if (!need.any) continue;
    for (let c = 0; c < plan.columns.length; c++) if (need.columns[c] !== true) event.values[c] = null;
    if (!need.order) event.id = undefined;
    events.push(event);
  }
  state.events = events.reverse();
  if (released || state.settled !== UNSETTLED) state.settled = moment;
}

interface Need {
  any: boolean;
  order: boolean;
  released: boolean;
  readonly columns: boolean[];
}

/** What the slots still need of one event. `kept` counts, by slot, the newer settled values that a lastN already holds. */
function needOf(plan: Plan, event: StateEvent, moment: Micros, kept: number[]): Need {
  const need: Need = { any: false, order: false, released: false, columns: [] };
  plan.slots.forEach((slot, s) => {
    if (slot.filter >= 0 && (event.mask & (1 << slot.filter)) === 0) return;
    if (slot.column >= 0 && (event.values[slot.column] ?? null) === null) return;
    const ranked = slot.keeps > 0 && event.time <= moment;
    if (event.time <= moment - slot.window || (ranked && (kept[s] ?? 0) >= slot.keeps)) {
      need.released = true;
      return;
    }
    if (ranked) kept[s] = (kept[s] ?? 0) + 1;
    need.any = true;
    need.order ||= slot.keeps > 0;
    if (slot.column >= 0) need.columns[slot.column] = true;
  });
  return need;
}
