import type { Micros } from '../clock/port.ts';
import type { FeatureValue } from '../features/value.ts';
import type { Recommender } from '../training/recommender.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import type { Given } from './model.ts';
import { type AnswerParts, askModel, type LoggedAnswer, logAnswer, type Outcome, unasked } from './outcome.ts';
import type { PopularItems } from './popularity.ts';
import type { RequestFacts } from './prediction.ts';
import { gatherFeatures } from './request-features.ts';
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

/** Items best first; fewer than k where the catalogue has no more. */
export type Answer = LoggedAnswer<'popular'>;

export interface AnswerOptions extends AnswerParts {
  readonly usecase: RecommenderUseCase;
  /** What answers while no release is loaded. */
  readonly popular: () => PopularItems;
}

export type Answerer = (ask: Ask, unit: ServingUnit | undefined) => Promise<Answer>;

/** Makes the function that answers one request by one unit: the hot path. It logs each answer as a prediction. */
export function answerer(options: AnswerOptions): Answerer {
  const { usecase, clock } = options;
  const { storeTimeoutMs, fallback: name } = usecase.serving;

  /** The model's ranking, or why there is none. */
  async function ask(request: Ask, unit: ServingUnit, at: Micros): Promise<Outcome> {
    const { requestId, user, k, exclude } = request;
    if (!request.profiling) return { reason: 'profiling-off', pseudonym: null };
    if (user === undefined) return { reason: 'unknown-user', pseudonym: null };
    const gathered = await gatherFeatures(options, unit, user, at, storeTimeoutMs);
    if ('unanswerable' in gathered) return unasked(options, requestId, gathered);
    const { features } = gathered;
    return askModel(options, { requestId, unit, features }, () => rank(recommenderOf(unit), features.inputs, k, exclude));
  }

  return async (request, unit) => {
    const started = performance.now();
    const at = clock.now();
    const { requestId, k, exclude } = request;
    const popular = unit === undefined ? options.popular() : undefined;
    const outcome: Outcome = unit === undefined ? { reason: 'no-model', pseudonym: null } : await ask(request, unit, at);
    const items = () => fallbackItems(unit && recommenderOf(unit), popular, k, exclude);
    const facts: RequestFacts = {
      'request.k': k,
      ...(exclude.length > 0 && { 'request.exclude': exclude }),
      ...(outcome.features?.coldStart && { 'request.cold_start': true }),
      ...(popular?.table != null && { 'request.popularity_table': popular.table, 'request.popularity_version': popular.version }),
    };
    return logAnswer(options, { requestId, unit, outcome, fallback: { name, items }, facts, at, started });
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
