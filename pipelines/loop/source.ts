import type { Micros } from '../../app/clock/port.ts';
import type { SimulatedEvent } from '../../app/usecases/simulation.ts';

/** One thing that happens: an event as it arrives on the wire, when, and about whom. */
export type Visit = SimulatedEvent;

/** Where the loop's visits come from: the use case's simulation, or a person's own file. Time is the stream's own. */
export interface VisitSource {
  readonly name: string;
  /** The stream's history ends and its live part begins here. */
  readonly liveFrom: Micros;
  /** How many times faster than the wall clock the live part runs. */
  readonly rate: number;
  /** Rows of a table of the use case, in wire form. */
  rows(table: string): readonly unknown[];
  /** Visits before `liveFrom`, oldest first. */
  history(): AsyncIterable<Visit>;
  /** Visits in [from, to), oldest first; empty once the stream has ended. */
  live(from: Micros, to: Micros): Promise<readonly Visit[]>;
  /** Lets the world change its ways from this moment on. Undefined where the stream is real and cannot be changed. */
  readonly shiftSeason: ((from: Micros) => void) | undefined;
  /** When the live part ends; undefined for a stream without end. */
  readonly endsAt: Micros | undefined;
}
