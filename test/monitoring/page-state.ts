import type { DriftReading } from '../../app/monitoring/drift.ts';
import type { AnswerState, LayerState, PageState, ReleaseState, VerdictState } from '../../app/monitoring/page/state.ts';

const START = Date.UTC(2026, 2, 14, 9, 30) * 1000;
const MINUTE = 60_000_000;

/** A small deterministic wave in 0 to 1, so that a scripted state moves as a live one does. */
const wave = (second: number, seed: number): number =>
  0.5 + 0.25 * Math.sin(second / 7 + seed) + 0.15 * Math.sin(second / 2.3 + 2 * seed) + 0.1 * Math.sin(second * 1.7 + 3 * seed);

const FEATURES = [
  { feature: 'user_activity.mean_price_1d', test: 'psi', threshold: 0.25 },
  { feature: 'user_activity.views_1h', test: 'psi', threshold: 0.25 },
  { feature: 'user_activity.events_30d', test: 'ks', threshold: 0.3 },
  { feature: 'prediction.confidence', test: 'js', threshold: 0.2 },
] as const;

const WINDOWS = 34;

/** Prices drift from the 24th window on, and heal after the promotion. */
function driftReadings(): readonly DriftReading[] {
  return FEATURES.flatMap(({ feature, test, threshold }, index) =>
    Array.from({ length: WINDOWS }, (_, window) => {
      const shifted = index === 0 && window >= 24 ? 0.28 + 0.05 * (window - 24) : 0;
      const value = threshold * (0.12 + 0.3 * wave(window * 3, index)) + shifted;
      const at = START - (WINDOWS - window) * 11 * MINUTE;
      return { feature, test, threshold, value, exceeded: value > threshold, since: at - 11 * MINUTE, at, version: 3 };
    }),
  );
}

const interval = (value: number, half: number, baseline: number) => ({ value, low: value - half, high: value + half, baseline });

function release(version: number, better: number): ReleaseState {
  return {
    version,
    unitId: `${version}f3a9c1b${'7c0de5'.repeat(9)}`,
    state: version === 3 ? 'champion' : 'gated',
    trainedAt: START - (version === 3 ? 380 : 4) * MINUTE,
    metrics: {
      recallAt20: interval(0.1423 + better, 0.0061, 0.0887),
      ndcgAt20: interval(0.0871 + better, 0.0042, 0.0512),
      coverage: interval(0.6214 + better, 0.012, 0.0402),
    },
  };
}

const CHECKS = [
  ['featureViews', 'user_taste.taste, user_activity.recent_items', 'user_taste.taste, user_activity.recent_items'],
  ['onnx', 'Gather, MatMul, ScatterND, TopK', 'inert operators'],
  ['floor.recallAt20', '0.1423', '0.02'],
  ['floor.coverage', '0.6214', '0.02'],
  ['notWorse', '-0.0011', '-0.005'],
  ['beatsPopularity', '0.0359', '0'],
  ['segment.light', '0.0612', '0.005'],
  ['segment.heavy', '0.0943', '0.005'],
  ['latency', '3.1', '20'],
  ['adversarial', '1.42', '3'],
] as const;

function verdict(version: number, minutesAgo: number, fails?: string): VerdictState {
  return {
    version,
    verdict: fails === undefined ? 'passed' : 'refused',
    at: START - minutesAgo * MINUTE,
    checks: CHECKS.map(([name, measured, limit]) => ({
      name,
      passed: name !== fails,
      measured: name === fails ? '0.0041' : measured,
      limit,
    })),
  };
}

export const REQUEST_IDS: readonly string[] = Array.from(
  { length: 12 },
  (_, index) =>
    `019ce1f4-7b${(10 + index).toString(16)}-7a41-9c3e-${(0x5f2a_91c3_4d00 + index * 7919).toString(16).padStart(12, '0')}`,
);

function answers(second: number): readonly AnswerState[] {
  return REQUEST_IDS.map((requestId, index) => ({
    requestId,
    at: START + (second - index) * 1_900_000,
    user: index === 4 ? null : `${(0x9b1c_44d2 + index * 104_729).toString(16)}e07a55c1d2f0`,
    items: Array.from({ length: 5 }, (_, item) => `item-${String(100 + ((index * 37 + item * 61) % 800)).padStart(4, '0')}`),
    version: 3,
    fallback: index === 4 ? 'popular' : null,
    latencyMs: 1.4 + 2.2 * wave(index * 5, 1),
  }));
}

const AUDIT = [
  ['monitoring.drift.detect', 'workload:monitor', 'user_activity.mean_price_1d', 'done'],
  ['training.start', 'workload:retrain', 'retail-recommender', 'done'],
  ['serving.load', 'workload:serving', 'retail-recommender@3', 'done'],
  ['registry.promote', 'local', 'retail-recommender@3', 'done'],
  ['registry.approve', 'local', 'retail-recommender@3', 'done'],
  ['delivery.verdict', 'workload:gate', 'retail-recommender@3', 'passed'],
  ['serving.access', 'anonymous', 'POST /v1/recommend', 'refused'],
  ['delivery.verdict', 'workload:gate', 'retail-recommender@2', 'refused'],
  ['registry.register', 'workload:retrain', 'retail-recommender@2', 'done'],
  ['governance.erase', 'local', '41c9e0aa7d12', 'done'],
  ['registry.promote', 'local', 'retail-recommender@1', 'done'],
  ['registry.approve', 'local', 'retail-recommender@1', 'done'],
] as const;

function layers(second: number, events: number): readonly LayerState[] {
  const layer = (name: string, value: string, unit: string, note: string, state: LayerState['state'] = 'well') => ({
    layer: name,
    value,
    unit,
    note,
    state,
  });
  const total = (418_000 + second * 240).toLocaleString('en');
  return [
    layer('ingestion', total, 'events', `${events} a second`, 'working'),
    layer('validation', '412', 'refused', 'in the dead letters'),
    layer('lake', total, 'rows', `version ${180 + second}, 212 behind`),
    layer('features', '3,961', 'online rows', '14 events behind'),
    layer('training', 'search', '', 'trial 3 of 6, nDCG@20 0.0862', 'working'),
    layer('registry', '4', 'versions', 'champion 3'),
    layer('delivery', 'passed', '', 'version 3'),
    layer('serving', '38', 'answers/s', 'p99 7.9 ms, 0 failed', 'working'),
    layer('monitoring', '312 %', 'of drift limit', 'window 62 % full', 'ill'),
    layer('governance', '1,284', 'audit records', 'signed, in two places'),
  ];
}

/** What the page shows in the given second of a busy loop: traffic flows, prices drift, a retraining runs. */
export function busyState(second: number): PageState {
  const events = Math.round(240 + 90 * (wave(second, 0) - 0.5));
  return {
    usecase: 'retail',
    kind: 'recommender',
    source: 'simulator (seed 7)',
    now: START + second * 1_000_000 * 240,
    rate: 240,
    uptimeSeconds: 60 + second,
    step: 'Retraining on the shifted season',
    layers: layers(second, events),
    eventsPerSecond: events,
    answersPerSecond: Math.round(38 + 16 * (wave(second, 2) - 0.5)),
    failedRequests: 0,
    latency: { p50Ms: 1.8 + 0.8 * wave(second, 1), p99Ms: 5.2 + 4 * wave(second, 4) },
    champion: release(3, 0),
    challenger: release(4, 0.0058),
    verdicts: [verdict(3, 12), verdict(2, 190, 'segment.light'), verdict(1, 420)],
    drift: driftReadings(),
    openDrifts: [
      {
        feature: 'user_activity.mean_price_1d',
        reading: driftReadings()[25] as DriftReading,
        detectedAt: START - 9 * 11 * MINUTE,
      },
    ],
    windowFill: 0.62 + 0.3 * (wave(second, 5) - 0.5),
    hitRate: { 1: 0.081, 3: 0.1138, 4: null },
    retraining: {
      running: true,
      step: 'search',
      message: 'trial 3 of 6, nDCG@20 0.0862',
      reason: 'drift of user_activity.mean_price_1d: PSI 0.33 over 0.25',
    },
    answers: answers(second),
    audit: {
      size: 1284,
      tail: AUDIT.map(([action, actor, subject, outcome], index) => ({
        index: 1283 - index,
        at: START - index * 3 * MINUTE,
        action,
        actor,
        subject,
        outcome,
      })),
    },
  };
}

/** The same of a loop that decides about orders. */
export function decidingState(second: number): PageState {
  const shop = busyState(second);
  const rename = <T extends { readonly feature: string }>(of: T): T => ({
    ...of,
    feature: of.feature.replace('user_activity.mean_price_1d', 'order.amount').replace('user_activity', 'user_orders'),
  });
  const metrics = { auc: interval(0.91, 0.02, 0.72), prAuc: interval(0.48, 0.05, 0.21), ece: interval(0.01, 0.004, 0.02) };
  const deciding = (of: ReleaseState | undefined): ReleaseState | undefined => of && { ...of, metrics };
  const plain = (text: string): string => text.replace('nDCG@20', 'prAuc').replace('user_activity.mean_price_1d', 'order.amount');
  return {
    ...shop,
    usecase: 'fraud',
    kind: 'classifier',
    layers: shop.layers.map((layer) => ({ ...layer, note: plain(layer.note) })),
    champion: deciding(shop.champion),
    challenger: deciding(shop.challenger),
    verdicts: shop.verdicts.map((one) => ({
      ...one,
      checks: [{ name: 'floor.auc', passed: true, measured: '0.91', limit: '0.8', reason: 'auc 0.91 of at least 0.8' }],
    })),
    drift: shop.drift.map(rename),
    openDrifts: shop.openDrifts.map((drift) => ({ ...rename(drift), reading: rename(drift.reading) })),
    retraining: { ...shop.retraining, message: plain(shop.retraining.message), reason: plain(shop.retraining.reason) },
    answers: shop.answers.map((answer, index) => ({
      ...answer,
      items: [index % 4 === 0 ? 'review' : 'accept'],
      fallback: answer.fallback === null ? null : 'review',
    })),
    audit: {
      ...shop.audit,
      tail: shop.audit.tail.map((act) => ({
        ...act,
        subject: act.subject.replace('retail-recommender', 'fraud-classifier').replace('/v1/recommend', '/v1/classify'),
      })),
    },
  };
}

/** The very first second: nothing came in, nothing is trained. */
export const EMPTY_STATE: PageState = {
  usecase: 'retail',
  kind: 'recommender',
  source: 'simulator (seed 7)',
  now: START,
  rate: 0,
  uptimeSeconds: 1,
  step: 'Starting',
  layers: layers(0, 0).map(({ layer }) => ({ layer, value: '0', unit: '', note: '', state: 'idle' as const })),
  eventsPerSecond: 0,
  answersPerSecond: 0,
  failedRequests: 0,
  latency: { p50Ms: 0, p99Ms: 0 },
  champion: undefined,
  challenger: undefined,
  verdicts: [],
  drift: [],
  openDrifts: [],
  windowFill: 0,
  hitRate: {},
  retraining: { running: false, step: '', message: '', reason: '' },
  answers: [],
  audit: { size: 0, tail: [] },
};
