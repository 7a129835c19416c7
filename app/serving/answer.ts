import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { FeatureValue } from '../features/value.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Recommender } from '../training/recommender.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import type { ServingMetrics } from './metrics.ts';
import type { Given } from './model.ts';
import type { PopularItems } from './popularity.ts';
import type { Prediction, RequestFacts } from './prediction.ts';
import type { PredictionLog } from './prediction-log.ts';
import { gatherFeatures, loggedValues, type RequestFeatures, type Unanswerable } from './request-features.ts';
import type { ServingUnit } from './unit.ts';

export interface Ask {
  readonly requestId: string;
  /** Plain id of the user; undefined for a request without one. */
  readonly user: string | undefined;
  readonly k: number;
  /** Items that may not be answered. */
  readonly exclude: readonly string[];
  /** False: nothing about the user is read or recorded; the popular list answers (DSA Art. 38). */
  readonly profiling: boolean;
}

/** Why the fallback answered in place of the model. */
export type Reason = Unanswerable | 'no-model' | 'model-failed' | 'profiling-off';

export interface Answer {
  readonly requestId: string;
  readonly unitId: string | null;
  readonly version: number | null;
  /** Best first; fewer than k where the catalogue has no more. */
  readonly items: readonly string[];
  readonly fallback: 'popular' | null;
  readonly reason: Reason | null;
}

export interface AnswerOptions {
  readonly usecase: RecommenderUseCase;
  readonly online: OnlineStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ServingMetrics;
  readonly predictions: PredictionLog;
  /** What answers while no release is loaded. */
  readonly popular: () => PopularItems;
}

export type Answerer = (ask: Ask, unit: ServingUnit | undefined) => Promise<Answer>;

/** Makes the function that answers one request by one unit: the hot path. It logs each answer as a prediction. */
export function answerer(options: AnswerOptions): Answerer {
  const { usecase, clock, logger, metrics, predictions } = options;
  const { storeTimeoutMs } = usecase.serving;

  /** The model's ranking, or why there is none. */
  async function ask(
    request: Ask,
    unit: ServingUnit,
    at: Micros,
  ): Promise<{ ranked?: Given; features?: RequestFeatures; reason?: Reason; pseudonym: string | null }> {
    if (!request.profiling) return { reason: 'profiling-off', pseudonym: null };
    if (request.user === undefined) return { reason: 'unknown-user', pseudonym: null };
    const gathered = await gatherFeatures(options, unit, request.user, at, storeTimeoutMs);
    if ('unanswerable' in gathered) {
      if (gathered.cause !== undefined)
        logger.warn({ err: gathered.cause, requestId: request.requestId }, 'the online store failed; the fallback answers');
      return { reason: gathered.unanswerable, pseudonym: gathered.pseudonym };
    }
    const { features } = gathered;
    try {
      const ranked = await rank(recommenderOf(unit), features.inputs, request.k, request.exclude);
      return { ranked, features, pseudonym: features.pseudonym };
    } catch (error) {
      logger.error({ err: error, requestId: request.requestId, unitId: unit.unitId }, 'the model failed; the fallback answers');
      return { reason: 'model-failed', features, pseudonym: features.pseudonym };
    }
  }

  return async (request, unit) => {
    const started = performance.now();
    const at = clock.now();
    const popular = unit === undefined ? options.popular() : undefined;
    const { ranked, features, reason, pseudonym } =
      unit === undefined ? { reason: 'no-model' as const, pseudonym: null } : await ask(request, unit, at);
    const answered = ranked ?? {
      items: fallbackItems(unit && recommenderOf(unit), popular, request.k, request.exclude),
      scores: [],
      confidence: null,
    };
    const fallback = ranked === undefined ? usecase.serving.fallback : null;
    const facts: RequestFacts = {
      'request.k': request.k,
      ...(request.exclude.length > 0 && { 'request.exclude': request.exclude }),
      ...(reason !== undefined && { 'request.reason': reason }),
      ...(features?.coldStart && { 'request.cold_start': true }),
      ...(popular?.table != null && { 'request.popularity_table': popular.table, 'request.popularity_version': popular.version }),
    };
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
    if (reason !== undefined) metrics.fallbacks.inc({ reason });
    logger.debug(
      { requestId: request.requestId, unitId: prediction.unit_id, fallback, reason, coldStart: features?.coldStart ?? false },
      'answered',
    );
    return {
      requestId: request.requestId,
      unitId: unit?.unitId ?? null,
      version: unit?.version ?? null,
      items: answered.items,
      fallback,
      reason: reason ?? null,
    };
  };
}

/** A recommender's unit answers a recommender's route: the registry's releases of a use case are of its kind. */
function recommenderOf(unit: ServingUnit): Recommender {
  if (unit.kind === 'recommender') return unit.recommender;
  throw new RangeError(`unit ${unit.unitId} is a ${unit.kind}; it cannot order items`);
}

/** The k best items without the excluded ones; used to answer and, by explain, to make the answer again. */
export async function rank(
  recommender: Pick<Recommender, 'recommend' | 'catalogueSize'>,
  inputs: ReadonlyMap<string, FeatureValue>,
  k: number,
  exclude: readonly string[],
): Promise<Given> {
  const banned = new Set(exclude);
  const { items, scores, confidence } = await recommender.recommend(inputs, Math.min(k + banned.size, recommender.catalogueSize));
  const kept = items.map((item, index) => ({ item, score: scores[index] ?? Number.NaN })).filter(({ item }) => !banned.has(item));
  if (kept.some(({ score }) => !Number.isFinite(score))) throw new RangeError('the model gave a score that is no number');
  const best = kept.slice(0, k);
  return { items: best.map(({ item }) => item), scores: best.map(({ score }) => score), confidence };
}

/** The declared fallback: the unit's popular items, or the lake's where no unit is loaded; none where the lake is empty too. */
export function fallbackItems(
  recommender: Pick<Recommender, 'popular'> | undefined,
  popular: PopularItems | undefined,
  k: number,
  exclude: readonly string[],
): readonly string[] {
  const banned = new Set(exclude);
  if (recommender !== undefined) return recommender.popular(k, banned);
  return (popular?.items ?? []).filter((item) => !banned.has(item)).slice(0, k);
}
