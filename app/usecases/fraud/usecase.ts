import { boostedTrees, defineOutcomeLabel } from '../model.ts';
import { decide, defineUseCase, streams } from '../usecase.ts';
import { USUAL } from '../usual.ts';
import { order, outcome } from './events.ts';
import { ordering, repute } from './features.ts';
import { orderSimulation } from './simulation.ts';

/** Orders in, a decision about each out: accept it, look at it, or refuse it. */
export const fraud = defineUseCase({
  name: 'fraud',
  owner: 'payments-ml',
  purpose: 'Tells orders that will be charged back from those that are well, before the goods leave.',
  events: [order, outcome],
  tables: [],
  sources: [...streams('order', 'outcome'), { kind: 'upload', into: 'order', formats: ['csv', 'jsonl', 'parquet'] }],
  views: [ordering, repute],
  model: {
    name: 'fraud-classifier',
    trainer: boostedTrees({ trees: [40, 80], depth: [3, 4], learningRate: [0.1], ridge: [5], maxTrials: 4 }),
    inputs: [
      'order.amount',
      'order.card_kind',
      'order.card_country_match',
      'order.goods',
      'order.express',
      'order.device_known',
      'user_orders.orders_1h',
      'user_orders.orders_1d',
      'user_orders.orders_30d',
      'user_orders.amount_1d',
      'user_orders.mean_amount_30d',
      'user_orders.dearest_30d',
      'user_orders.devices_7d',
      'user_orders.countries_7d',
      'user_orders.vouchers_1d',
      'user_orders.unknown_devices_1d',
      'user_orders.express_rate_30d',
      'user_outcomes.chargebacks_30d',
      'user_outcomes.refunds_30d',
    ],
    label: defineOutcomeLabel({
      event: order,
      outcome,
      of: 'order_id',
      by: 'kind',
      positive: ['chargeback'],
      maturity: '1h',
    }),
    folds: { count: 3, horizon: '12h' },
    objective: 'prAuc',
    segments: { new: 0, known: 1, regular: 10 },
    profileRows: 600,
    seed: 20_260_101,
  },
  gate: {
    floors: { auc: 0.8, prAuc: 0.3 },
    ceilings: { ece: 0.05, brier: 0.05 },
    notWorse: { metric: 'prAuc', tolerance: 0.05, confidence: 0.95 },
    beatsRule: 'prAuc',
    segmentFloors: { new: 0.2, known: 0.2 },
    latencyBudgetMs: 20,
    adversarial: {
      flippedShare: 0.05,
      maxLoss: 0.05,
      chosen: ['order.amount', 'order.goods', 'order.express'],
      maxEvasion: 0.6,
      queries: 1_000,
      maxCopied: 0.5,
    },
    approval: 'local',
  },
  serving: {
    ...USUAL.serving,
    ...decide({ accept: 0, review: 0.15, refuse: 0.6 }, { fallback: 'review', probabilityDigits: 2 }),
    mainParameters: [
      'how often and for how much you ordered in the last hour, day and month',
      'whether this device, card and country are the ones you usually order with',
      'what became of your earlier orders',
    ],
  },
  monitors: {
    ...USUAL.monitors,
    drift: [
      { feature: 'order.amount', test: 'psi', threshold: 0.25 },
      { feature: 'order.goods', test: 'psi', threshold: 0.25 },
      { feature: 'user_orders.mean_amount_30d', test: 'psi', threshold: 0.3 },
      { feature: 'prediction.confidence', test: 'js', threshold: 0.25 },
    ],
  },
  retention: '400d',
  simulation: orderSimulation,
});
