import type { Micros } from '../../app/clock/port.ts';

/** One thing a visitor does: the event as it arrives on the wire, when, and by whom. */
export interface Visit {
  readonly at: Micros;
  readonly user: string;
  readonly wire: unknown;
}

/** Where the loop's visits come from: the simulator, or a person's own click file. Time is the stream's own. */
export interface VisitSource {
  readonly name: string;
  /** The stream's history ends and its live part begins here. */
  readonly liveFrom: Micros;
  /** How many times faster than the wall clock the live part runs. */
  readonly rate: number;
  /** Rows of the catalogue, in wire form. */
  catalogue(): readonly unknown[];
  /** Visits before `liveFrom`, oldest first. */
  history(): AsyncIterable<Visit>;
  /** Visits in [from, to), oldest first; empty once the stream has ended. */
  live(from: Micros, to: Micros): Promise<readonly Visit[]>;
  /** Injects a change of season from this moment on. Undefined where the stream is real and cannot be changed. */
  readonly shiftSeason: ((from: Micros) => void) | undefined;
  /** When the live part ends; undefined for a stream without end. */
  readonly endsAt: Micros | undefined;
}
