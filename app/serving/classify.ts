import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { FeatureValue } from '../features/value.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Row } from '../usecases/event.ts';
import type { ClassifierUseCase } from '../usecases/usecase.ts';
import type { ServingMetrics } from './metrics.ts';
import { decideOn, type Given } from './model.ts';
import type { Prediction, RequestFacts } from './prediction.ts';
import type { PredictionLog } from './prediction-log.ts';
import { gatherFeatures, loggedValues, type RequestFeatures, strangerFeatures, type Unanswerable } from './request-features.ts';
import type { ServingUnit } from './unit.ts';

export interface ClassifyAsk {
  readonly requestId: string;
  /** The event as the door admits it; its subject in plain. */
  readonly event: Row;
}

export interface Decided {
  readonly requestId: string;
  readonly unitId: string | null;
  readonly version: number | null;
  /** Id of the event. */
  readonly event: string;
  readonly decision: string;
  /** As exact as the model gave it; a public answer rounds it. Null where the model was not asked. */
  readonly probability: number | null;
  readonly fallback: string | null;
  readonly reason: Unanswerable | 'no-model' | 'model-failed' | null;
}

export interface ClassifyOptions {
  readonly usecase: ClassifierUseCase;
  readonly online: OnlineStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ServingMetrics;
  readonly predictions: PredictionLog;
}

export type Decider = (ask: ClassifyAsk, unit: ServingUnit | undefined) => Promise<Decided>;

/** The event's own fields that the model reads, under `event.field`. None of them is personal data (see columns.ts). */
export function eventInputs({ model }: ClassifierUseCase, event: Row): readonly (readonly [string, FeatureValue])[] {
  const own = `${model.label.event.name}.`;
  return model.inputs
    .filter((input) => input.startsWith(own))
    .map((input) => [input, event[input.slice(own.length)] ?? null] as const);
}

/** Makes the function that decides about one event by one unit: the hot path. It logs each answer as a prediction. */
export function decider(options: ClassifyOptions): Decider {
  const { usecase, clock, logger, metrics, predictions } = options;
  const { decisions, fallback: declared, storeTimeoutMs } = usecase.serving;
  const { event: type } = usecase.model.label;

  async function ask(
    { requestId, event }: ClassifyAsk,
    unit: ServingUnit,
    at: Micros,
  ): Promise<{ given?: Given; features?: RequestFeatures; reason?: Decided['reason']; pseudonym: string | null }> {
    const gathered = await gatherFeatures(options, unit, String(event[type.key]), at, storeTimeoutMs);
    // Whoever is not known has no history, and that is what the model is told.
    const stranger = 'unanswerable' in gathered && gathered.unanswerable === 'unknown-user';
    if ('unanswerable' in gathered && !stranger) {
      if (gathered.cause !== undefined)
        logger.warn({ err: gathered.cause, requestId }, 'the online store failed; the fallback answers');
      return { reason: gathered.unanswerable, pseudonym: gathered.pseudonym };
    }
    const known = 'features' in gathered ? gathered.features : strangerFeatures(unit, at);
    const features = { ...known, inputs: new Map([...known.inputs, ...eventInputs(usecase, event)]) };
    try {
      if (unit.kind !== 'classifier') throw new RangeError(`unit ${unit.unitId} is a ${unit.kind}; it cannot decide`);
      return { given: await decideOn(unit.classifier, decisions, features.inputs), features, pseudonym: features.pseudonym };
    } catch (error) {
      logger.error({ err: error, requestId, unitId: unit.unitId }, 'the model failed; the fallback answers');
      return { reason: 'model-failed', features, pseudonym: features.pseudonym };
    }
  }

  return async (request, unit) => {
    const started = performance.now();
    const at = clock.now();
    const asked = unit === undefined ? { reason: 'no-model' as const, pseudonym: null } : await ask(request, unit, at);
    const { given, features, reason = null, pseudonym } = asked as Awaited<ReturnType<typeof ask>>;
    const answered: Given = given ?? { items: [declared], scores: [], confidence: null };
    const fallback = given === undefined ? declared : null;
    const event = String(request.event[type.id]);
    const facts: RequestFacts = { 'request.event': event, ...(reason !== null && { 'request.reason': reason }) };
    const prediction: Prediction = {
      request_id: request.requestId,
      unit_id: unit?.unitId ?? 'none',
      version: unit?.version ?? 0,
      user_id: pseudonym,
      at,
      feature_partition: features?.partition ?? null,
      feature_offset: features?.nextOffset ?? null,
      features: JSON.stringify({ ...loggedValues(features), ...facts }),
      items: answered.items,
      scores: answered.scores,
      fallback,
      confidence: answered.confidence,
      latency_ms: performance.now() - started,
    };
    await predictions.append(prediction);
    if (answered.confidence !== null) metrics.confidence.observe(answered.confidence);
    if (features?.newest != null) metrics.featureAge.observe(Math.max(0, at - features.newest) / 1e6);
    if (reason !== null) metrics.fallbacks.inc({ reason });
    logger.debug({ requestId: request.requestId, unitId: prediction.unit_id, fallback, reason }, 'decided');
    return {
      requestId: request.requestId,
      unitId: unit?.unitId ?? null,
      version: unit?.version ?? null,
      event,
      decision: answered.items[0] ?? declared,
      probability: answered.confidence,
      fallback,
      reason,
    };
  };
}
