import { DAY, type Micros } from '../../app/clock/port.ts';
import { createWorld, LAPTOP_WORLD, simulate } from '../../app/ingestion/simulator/world.ts';
import type { Visit, VisitSource } from './source.ts';

export interface SimulatedOptions {
  readonly seed: number;
  /** When the live part begins; the history is the days before. */
  readonly liveFrom: Micros;
  readonly historyDays: number;
  readonly rate: number;
  /** From when the season is another one, if it was shifted in an earlier run. */
  readonly shiftedFrom: Micros | undefined;
  readonly onShift: (from: Micros) => void;
}

/** Share of broken events in the simulated streams, as a real edge would see them. */
const MALFORMED = 0.002;

/** The simulated shop: same seed, same visits, whatever range is asked for. */
export function simulatedSource(options: SimulatedOptions): VisitSource {
  const world = createWorld({ ...LAPTOP_WORLD, seed: options.seed });
  let shiftedFrom = options.shiftedFrom ?? Number.POSITIVE_INFINITY;
  return {
    name: `simulator (seed ${options.seed})`,
    liveFrom: options.liveFrom,
    rate: options.rate,
    endsAt: undefined,
    catalogue: () => world.catalogue(),
    async *history() {
      const from = options.liveFrom - options.historyDays * DAY;
      yield* simulate(world, { from, to: options.liveFrom, season: 'usual', malformedShare: MALFORMED });
    },
    async live(from, to) {
      const visits: Visit[] = [];
      const change = Math.min(Math.max(shiftedFrom, from), to);
      if (from < change) visits.push(...simulate(world, { from, to: change, season: 'usual', malformedShare: MALFORMED }));
      if (change < to) visits.push(...simulate(world, { from: change, to, season: 'shifted', malformedShare: MALFORMED }));
      return visits;
    },
    shiftSeason: (from) => {
      shiftedFrom = Math.min(shiftedFrom, from);
      options.onShift(shiftedFrom);
    },
  };
}
