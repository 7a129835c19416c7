import { als, defineLabel } from '../model.ts';
import { defineUseCase } from '../usecase.ts';
import { click, item } from './events.ts';
import { activity, taste } from './features.ts';
import { shopSimulation } from './simulation.ts';

/** The online-retail recommender: clicks in, the next items a visitor is likely to want out. */
export const retail = defineUseCase({
  name: 'retail',
  owner: 'shop-ml',
  purpose: 'Orders the items of an online shop by how likely a visitor is to want them next.',
  events: [click],
  tables: [item],
  sources: [
    { kind: 'stream', into: 'click', partitions: 4 },
    { kind: 'upload', into: 'click', formats: ['csv', 'jsonl', 'parquet'] },
    { kind: 'api', into: 'item', path: '/v1/items', perSecond: 20 },
  ],
  views: [activity, taste],
  model: {
    name: 'retail-recommender',
    trainer: als({
      factors: [32],
      regularization: [0.02, 0.1],
      alpha: [5, 20],
      popularityBlend: [0, 0.05, 0.5],
      maxTrials: 4,
    }),
    inputs: ['user_taste.taste', 'user_activity.recent_items', 'user_activity.events_30d'],
    label: defineLabel({
      event: click,
      item: 'item_id',
      weightBy: 'kind',
      weights: { view: 1, basket: 3, purchase: 5 },
      hits: ['view', 'basket', 'purchase'],
      maturity: '30m',
    }),
    folds: { count: 3, horizon: '12h' },
    objective: 'ndcgAt20',
    segments: { new: 0, light: 5, heavy: 40 },
    profileRows: 600,
    seed: 20_260_101,
  },
  gate: {
    floors: { recallAt20: 0.02, coverage: 0.02 },
    notWorse: { metric: 'ndcgAt20', tolerance: 0.005, confidence: 0.95 },
    beatsPopularity: 'ndcgAt20',
    segmentFloors: { light: 0.005, heavy: 0.005 },
    latencyBudgetMs: 20,
    adversarial: { forgedShare: 0.01, campaigns: 3, maxLift: 3, queries: 1_000, maxCopied: 0.75 },
    approval: 'local',
  },
  serving: {
    k: { default: 20, max: 100 },
    slo: { p99Ms: 100, availability: 0.999 },
    fallback: 'popular',
    storeTimeoutMs: 50,
    rateLimit: { perSecond: 200, burst: 400 },
    mainParameters: [
      'items that people with similar clicks went on to view or buy',
      'the last 20 items you looked at, newest first',
      'how popular an item is, for visitors with a short history',
    ],
  },
  monitors: {
    window: 150,
    drift: [
      { feature: 'user_activity.mean_price_1d', test: 'psi', threshold: 0.25 },
      { feature: 'user_activity.views_1h', test: 'psi', threshold: 0.25 },
      { feature: 'user_activity.events_30d', test: 'ks', threshold: 0.3 },
      { feature: 'prediction.confidence', test: 'js', threshold: 0.2 },
    ],
    featureFreshness: '1h',
    retrain: { schedule: '0 3 * * *', coolDown: '1h', consecutiveWindows: 2 },
  },
  retention: '400d',
  simulation: shopSimulation,
});
