import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const AGE_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 21_600, 86_400, 604_800, 2_592_000];
const UNIT_INTERVAL = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];

export interface ServingMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status' | 'fallback'>;
  readonly seconds: Histogram<'route'>;
  readonly inFlight: Gauge;
  readonly unit: Gauge<'unit' | 'version'>;
  /** When the release that answers now was made, Unix time. */
  readonly unitCreated: Gauge;
  readonly swaps: Counter<'outcome'>;
  readonly confidence: Histogram;
  readonly featureAge: Histogram;
  readonly fallbacks: Counter<'reason'>;
  readonly logBuffered: Gauge;
  readonly logSeconds: Histogram;
}

/** Prometheus metrics of the server in base units. No label ever names a user, a token or a request. */
export function servingMetrics(): ServingMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'millrace_serving_requests_total',
      help: 'Answered requests by route, HTTP status and fallback (none where the model answered)',
      labelNames: ['route', 'status', 'fallback'],
      registers,
    }),
    seconds: new Histogram({
      name: 'millrace_serving_request_seconds',
      help: 'Time from the first byte in to the answer handed over',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    }),
    inFlight: new Gauge({ name: 'millrace_serving_in_flight_requests', help: 'Requests being answered now', registers }),
    unit: new Gauge({
      name: 'millrace_serving_unit_info',
      help: '1 for the release unit that answers now',
      labelNames: ['unit', 'version'],
      registers,
    }),
    unitCreated: new Gauge({
      name: 'millrace_serving_unit_created_seconds',
      help: 'Unix time at which the release that answers now was made',
      registers,
    }),
    swaps: new Counter({
      name: 'millrace_serving_swaps_total',
      help: 'Changes of the release unit: loaded, returned (the former one, kept warm), refused, or withdrawn (revoked or retired)',
      labelNames: ['outcome'],
      registers,
    }),
    confidence: new Histogram({
      name: 'millrace_serving_prediction_confidence',
      help: 'Confidence of the answers that the model gave, 0 to 1',
      buckets: UNIT_INTERVAL,
      registers,
    }),
    featureAge: new Histogram({
      name: 'millrace_serving_feature_age_seconds',
      help: "Age of the newest event in the user's feature row, by the platform's clock",
      buckets: AGE_SECONDS,
      registers,
    }),
    fallbacks: new Counter({
      name: 'millrace_serving_fallbacks_total',
      help: 'Answers that the model did not give, by reason',
      labelNames: ['reason'],
      registers,
    }),
    logBuffered: new Gauge({
      name: 'millrace_serving_prediction_log_buffered_records',
      help: 'Predictions not yet durable',
      registers,
    }),
    logSeconds: new Histogram({
      name: 'millrace_serving_prediction_log_flush_seconds',
      help: 'Time of one durable write to the event log',
      buckets: SECONDS,
      registers,
    }),
  };
}
