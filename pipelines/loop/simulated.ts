import { DAY, type Micros } from '../../app/clock/port.ts';
import { BUSY_WORLD } from '../../app/ingestion/simulator/laptop.ts';
import { simulate } from '../../app/ingestion/simulator/simulate.ts';
import { createWorld } from '../../app/ingestion/simulator/world.ts';
import type { Visit, VisitSource } from './source.ts';

export interface SimulatedOptions {
  readonly seed: number;
  /** When the live part begins; the history is the days before. */
  readonly liveFrom: Micros;
  readonly historyDays: number;
  readonly rate: number;
  /** When the season changed in earlier runs, oldest first. */
  readonly changes: readonly Micros[];
  /** Keeps the changes, so that the next run goes on in the same season. */
  readonly onChange: (changes: readonly Micros[]) => void;
}

/** Share of broken events in the simulated streams, as a real edge would see them. */
const MALFORMED = 0.002;

/** The simulated shop: same seed, same visits, whatever range is asked for. Each change of season ends the one before. */
export function simulatedSource(options: SimulatedOptions): VisitSource {
  const world = createWorld({ ...BUSY_WORLD, seed: options.seed });
  const changes = [...options.changes];

  function* range(from: Micros, to: Micros): Generator<Visit> {
    const edges = [from, ...changes.filter((at) => at > from && at < to), to];
    for (let index = 0; index + 1 < edges.length; index += 1) {
      const [start, end] = [edges[index] as Micros, edges[index + 1] as Micros];
      const season = changes.filter((at) => at <= start).length % 2 === 0 ? 'usual' : 'shifted';
      yield* simulate(world, { from: start, to: end, season, malformedShare: MALFORMED });
    }
  }

  return {
    name: `simulator (seed ${options.seed})`,
    liveFrom: options.liveFrom,
    rate: options.rate,
    endsAt: undefined,
    catalogue: () => world.catalogue(),
    async *history() {
      yield* range(options.liveFrom - options.historyDays * DAY, options.liveFrom);
    },
    live: async (from, to) => [...range(from, to)],
    shiftSeason: (from) => {
      changes.push(from);
      options.onChange(changes);
    },
  };
}
