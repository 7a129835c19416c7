import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Verified } from '../features/verify.ts';
import type { Prediction } from '../serving/prediction.ts';
import { LIVE_RATE } from '../usecases/live-rate.ts';
import type { Kind } from '../usecases/model.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { DriftReading } from './drift.ts';
import type { LiveLabels } from './live.ts';

/** What the monitor exports. Base units; a label never names a person. */
export interface MonitorMetrics {
  prediction(prediction: Prediction): void;
  drift(reading: DriftReading): void;
  /** How well answers turn out, by version. */
  hitRate(labels: Pick<LiveLabels, 'versions' | 'hitRate'>): void;
}

export function monitorMetrics(registry: Registry, kind: Kind = 'recommender'): MonitorMetrics {
  const registers = [registry];
  const confidence = new Histogram({
    name: 'millrace_monitoring_prediction_confidence_ratio',
    help: 'Confidence of logged predictions, 0 to 1',
    labelNames: ['version'],
    buckets: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95],
    registers,
  });
  const fallbacks = new Counter({
    name: 'millrace_monitoring_predictions_total',
    help: 'Logged predictions by how they were answered',
    labelNames: ['answer'],
    registers,
  });
  const drift = new Gauge({
    name: 'millrace_monitoring_drift_ratio',
    help: 'Newest distance of a monitored value from the training profile',
    labelNames: ['feature', 'test'],
    registers,
  });
  const threshold = new Gauge({
    name: 'millrace_monitoring_drift_threshold_ratio',
    help: 'Distance above which a monitored value counts as drifted',
    labelNames: ['feature', 'test'],
    registers,
  });
  const hits = new Gauge({
    name: LIVE_RATE[kind].metric,
    help: LIVE_RATE[kind].help,
    labelNames: ['version'],
    registers,
  });
  return {
    prediction(prediction) {
      fallbacks.inc({ answer: prediction.fallback ?? 'model' });
      if (prediction.confidence !== null) confidence.observe({ version: prediction.version }, prediction.confidence);
    },
    drift(reading) {
      drift.set({ feature: reading.feature, test: reading.test }, reading.value);
      threshold.set({ feature: reading.feature, test: reading.test }, reading.threshold);
    },
    hitRate(labels) {
      for (const version of labels.versions()) hits.set({ version }, labels.hitRate(version).rate ?? 0);
    },
  };
}

/** Counts what a comparison of served features with the lake found, by view. */
export function skewMetrics(registry: Registry, usecase: UseCase): (verified: Pick<Verified, 'views'>) => void {
  const of = { labelNames: ['view'] as const, registers: [registry] };
  const compared = new Counter({
    name: 'millrace_features_compared_total',
    help: 'Served feature values that were computed anew from the lake',
    ...of,
  });
  const mismatched = new Counter({
    name: 'millrace_features_mismatched_total',
    help: 'Served feature values that differ from what the lake says',
    ...of,
  });
  // Prometheus sees no rise where a series begins above 0.
  for (const { name: view } of usecase.views.filter(({ kind }) => kind === 'windowed'))
    for (const counter of [compared, mismatched]) counter.inc({ view }, 0);
  return ({ views }) => {
    for (const [view, found] of Object.entries(views)) {
      compared.inc({ view }, found.compared);
      mismatched.inc({ view }, found.mismatched);
    }
  };
}

/** Consumer lag of each sink, in records: what is in the log and not yet where it belongs. */
export function lagMetric(registry: Registry, consumers: Readonly<Record<string, () => Promise<number>>>): void {
  new Gauge({
    name: 'millrace_monitoring_consumer_lag_records',
    help: 'Records a consumer has not taken yet',
    labelNames: ['consumer'],
    registers: [registry],
    async collect() {
      for (const [consumer, lag] of Object.entries(consumers)) this.set({ consumer }, await lag());
    },
  });
}
