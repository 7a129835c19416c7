import { type Simulation, seasonsOf } from '../simulation.ts';
import { BUSY_WORLD } from './simulator/laptop.ts';
import { simulate } from './simulator/simulate.ts';
import { createWorld, type World } from './simulator/world.ts';

/** Share of broken events, as a real edge would see them. */
const MALFORMED = 0.002;

const SEED = 7;

let made: World | undefined;
const world = (): World => {
  made ??= createWorld({ ...BUSY_WORLD, seed: SEED });
  return made;
};

/** The simulated shop; a change is a change of season. */
export const shopSimulation: Simulation = {
  seed: SEED,
  historyDays: 5,
  rate: 240,
  tables: () => ({ item: world().catalogue() }),
  *events(range) {
    for (const { from, to, changed } of seasonsOf(range)) {
      const season = changed ? 'shifted' : 'usual';
      for (const { at, user, wire } of simulate(world(), { from, to, season, malformedShare: MALFORMED }))
        yield { at, event: 'click', subject: user, wire, asks: true };
    }
  },
};
