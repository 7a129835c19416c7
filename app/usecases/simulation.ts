import type { Micros } from '../clock/port.ts';

/** One thing that happens in a made-up world: an event of the use case as it arrives on the wire. */
export interface SimulatedEvent {
  readonly at: Micros;
  /** Name of the event. */
  readonly event: string;
  /** Plain id of whom it is about. */
  readonly subject: string;
  readonly wire: unknown;
  /** Whether an answer is asked for just before: items for the subject, or a decision about the event. */
  readonly asks: boolean;
}

export interface SimulatedRange {
  /** First moment, included; and the end, excluded. */
  readonly from: Micros;
  readonly to: Micros;
  /** When the world changed its ways, ascending; after an even number of changes they are the usual ones. */
  readonly changes: readonly Micros[];
}

/**
 * A made-up world of a use case: pure functions of a seed and a moment, so that any range can be made again, in parts,
 * or by another process, with the same events under the same ids.
 */
export interface Simulation {
  readonly seed: number;
  /** Days before the live part. */
  readonly historyDays: number;
  /** How many times faster than the wall clock the live part runs. */
  readonly rate: number;
  /** Rows of each table, in wire form, by table. */
  tables(): Readonly<Record<string, readonly unknown[]>>;
  /** Oldest first. */
  events(range: SimulatedRange): Iterable<SimulatedEvent>;
}

/** The parts of a range between changes, each with whether the world has changed its ways there. */
export function seasonsOf({ from, to, changes }: SimulatedRange): readonly {
  readonly from: Micros;
  readonly to: Micros;
  readonly changed: boolean;
}[] {
  const edges = [from, ...changes.filter((at) => at > from && at < to), to];
  return edges.slice(0, -1).map((start, index) => ({
    from: start,
    to: edges[index + 1] as Micros,
    changed: changes.filter((at) => at <= start).length % 2 === 1,
  }));
}
