import { orderWorld } from '../../app/usecases/fraud/simulation.ts';
import { fraud } from '../../app/usecases/fraud/usecase.ts';
import { boostedTrees } from '../../app/usecases/model.ts';
import { simulate } from '../../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../../app/usecases/retail/simulator/world.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { Simulation } from '../../app/usecases/simulation.ts';
import type { ClassifierUseCase, RecommenderUseCase } from '../../app/usecases/usecase.ts';

/** A use case with a small world of its own. */
export type Tried = (RecommenderUseCase | ClassifierUseCase) & { readonly simulation: Simulation };

const world = createWorld({ seed: 5, users: 200, items: 120, categories: 4, sessionsPerHour: 20 });

/** The shop with little to learn, and monitors that see drift soon. */
export const shop: Tried = {
  ...retail,
  model: {
    ...retail.model,
    trainer: { ...retail.model.trainer, search: { ...retail.model.trainer.search, maxTrials: 1 } },
    folds: { count: 1, horizon: '12h' },
    profileRows: 200,
  },
  gate: { ...retail.gate, adversarial: { ...retail.gate.adversarial, campaigns: 1 } },
  monitors: { ...retail.monitors, window: 10, retrain: { ...retail.monitors.retrain, consecutiveWindows: 1 } },
  simulation: {
    seed: 5,
    historyDays: 3,
    rate: 1,
    tables: () => ({ item: world.catalogue() }),
    *events({ from, to }) {
      for (const { at, user, wire } of simulate(world, { from, to, malformedShare: 0.01 }))
        yield { at, event: 'click', subject: user, wire, asks: true };
    },
  },
};

const ordersWorld = orderWorld(5);

/** A day of orders, with as little to learn; some of what became of them is told wrongly. */
export const orders: Tried = {
  ...fraud,
  model: {
    ...fraud.model,
    trainer: boostedTrees({ trees: [20], depth: [3], learningRate: [0.2], maxTrials: 1 }),
    folds: { count: 1, horizon: '4h' },
    profileRows: 200,
  },
  monitors: { ...fraud.monitors, window: 10, retrain: { ...fraud.monitors.retrain, consecutiveWindows: 1 } },
  simulation: {
    ...ordersWorld,
    historyDays: 1,
    *events(range) {
      let outcomes = 0;
      for (const visit of ordersWorld.events(range)) {
        const broken = visit.event === 'outcome' && outcomes++ % 20 === 0;
        yield broken ? { ...visit, wire: { ...(visit.wire as object), kind: 'lost' } } : visit;
      }
    },
  },
};
