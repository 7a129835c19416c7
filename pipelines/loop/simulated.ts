import { DAY, type Micros } from '../../app/clock/port.ts';
import type { Simulation } from '../../app/usecases/simulation.ts';
import type { VisitSource } from './source.ts';

export interface SimulatedOptions {
  readonly simulation: Simulation;
  /** When the live part begins; the history is the days before. */
  readonly liveFrom: Micros;
  /** When the world changed its ways in earlier runs, oldest first. */
  readonly changes: readonly Micros[];
  /** Keeps the changes, so that the next run goes on in the same season. */
  readonly onChange: (changes: readonly Micros[]) => void;
}

export const simulatedName = ({ seed }: Simulation): string => `simulator (seed ${seed})`;

/** The use case's made-up world: the same visits, whatever range is asked for. Each change of season ends the one before. */
export function simulatedSource({ simulation, liveFrom, ...options }: SimulatedOptions): VisitSource {
  const changes = [...options.changes];
  const tables = simulation.tables();
  return {
    name: simulatedName(simulation),
    liveFrom,
    rate: simulation.rate,
    endsAt: undefined,
    rows: (table) => tables[table] ?? [],
    async *history() {
      yield* simulation.events({ from: liveFrom - simulation.historyDays * DAY, to: liveFrom, changes });
    },
    live: async (from, to) => [...simulation.events({ from, to, changes })],
    shiftSeason: (from) => {
      changes.push(from);
      options.onChange(changes);
    },
  };
}
