import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { traced } from '../monitoring/tracing/span.ts';
import type { ServingMetrics } from './metrics.ts';
import type { Given } from './model.ts';
import type { Prediction, RequestFacts } from './prediction.ts';
import type { PredictionLog } from './prediction-log.ts';
import { type Gathered, loggedValues, type RequestFeatures, type Unanswerable } from './request-features.ts';
import type { ServingUnit } from './unit.ts';

/** Why the fallback answered in place of the model. */
export type Reason = Unanswerable | 'no-model' | 'model-failed' | 'profiling-off';

/** What every kind answers with. */
export interface AnswerParts {
  readonly online: OnlineStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ServingMetrics;
  readonly predictions: PredictionLog;
}

/** What the model gave, or why it gave nothing. */
export interface Outcome {
  readonly given?: Given;
  readonly features?: RequestFeatures;
  readonly reason?: Reason;
  /** Null for a stranger, and where no profiling was asked for. */
  readonly pseudonym: string | null;
}

/** The model could not be asked. */
export function unasked(
  { logger }: Pick<AnswerParts, 'logger'>,
  requestId: string,
  { unanswerable, pseudonym, cause }: Extract<Gathered, { readonly unanswerable: unknown }>,
): Outcome {
  if (cause !== undefined) logger.warn({ err: cause, requestId }, 'the online store failed; the fallback answers');
  return { reason: unanswerable, pseudonym };
}

/** Asks the model of the unit; where it fails, says so. */
export async function askModel(
  { logger }: Pick<AnswerParts, 'logger'>,
  { requestId, unit, features }: { readonly requestId: string; readonly unit: ServingUnit; readonly features: RequestFeatures },
  model: () => Promise<Given>,
): Promise<Outcome> {
  try {
    const attributes = { 'millrace.unit_id': unit.unitId };
    return { given: await traced('model', { attributes }, model), features, pseudonym: features.pseudonym };
  } catch (error) {
    logger.error({ err: error, requestId, unitId: unit.unitId }, 'the model failed; the fallback answers');
    return { reason: 'model-failed', features, pseudonym: features.pseudonym };
  }
}

/** An answer as it goes out of any kind. */
export interface LoggedAnswer<Fallback extends string> extends Given {
  readonly requestId: string;
  readonly unitId: string | null;
  readonly version: number | null;
  readonly fallback: Fallback | null;
  readonly reason: Reason | null;
}

/** Makes the answer of an outcome, logs it as a prediction and counts it. */
export async function logAnswer<Fallback extends string>(
  { predictions, metrics, logger }: Pick<AnswerParts, 'predictions' | 'metrics' | 'logger'>,
  answer: {
    readonly requestId: string;
    readonly unit: ServingUnit | undefined;
    readonly outcome: Outcome;
    /** What answers where the model gave nothing. */
    readonly fallback: { readonly name: Fallback; readonly items: () => readonly string[] };
    readonly facts: RequestFacts;
    readonly at: Micros;
    /** By the process's clock, milliseconds. */
    readonly started: number;
  },
): Promise<LoggedAnswer<Fallback>> {
  const { requestId, unit, at } = answer;
  const { given, features, reason, pseudonym } = answer.outcome;
  const answered: Given = given ?? { items: answer.fallback.items(), scores: [], confidence: null };
  const fallback = given === undefined ? answer.fallback.name : null;
  const facts: RequestFacts = { ...answer.facts, ...(reason !== undefined && { 'request.reason': reason }) };
  const prediction: Prediction = {
    request_id: requestId,
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
    latency_ms: performance.now() - answer.started,
  };
  await predictions.append(prediction);
  if (answered.confidence !== null) metrics.confidence.observe(answered.confidence);
  if (features?.newest != null) metrics.featureAge.observe(Math.max(0, at - features.newest) / 1e6);
  if (reason !== undefined) metrics.fallbacks.inc({ reason });
  const coldStart = features?.coldStart ?? false;
  logger.debug({ requestId, unitId: prediction.unit_id, fallback, reason, coldStart }, 'answered');
  return {
    requestId,
    unitId: unit?.unitId ?? null,
    version: unit?.version ?? null,
    ...answered,
    fallback,
    reason: reason ?? null,
  };
}
