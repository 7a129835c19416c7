import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { ClassifierUseCase, RecommenderUseCase, UseCase } from '../usecases/usecase.ts';
import type { Scope } from './access.ts';
import { answerer } from './answer.ts';
import { decider } from './classify.ts';
import { classifyRoute } from './classify-route.ts';
import type { Guard } from './guard.ts';
import { inferDecisions } from './infer-decisions.ts';
import { inferItems } from './infer-items.ts';
import { inferenceProtocol } from './inference-protocol.ts';
import type { ServingMetrics } from './metrics.ts';
import { watchPopular } from './popularity.ts';
import type { PredictionLog } from './prediction-log.ts';
import { recommendRoute } from './recommend-route.ts';
import type { UnitSlot } from './unit.ts';
import type { Web } from './web.ts';

export interface RouteParts<U extends UseCase = UseCase> {
  readonly usecase: U;
  readonly online: OnlineStore;
  readonly lake: Lake;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ServingMetrics;
  readonly predictions: PredictionLog;
  readonly slot: UnitSlot;
  readonly guard: Guard;
  readonly ready: () => Promise<boolean>;
}

/** What runs beside the routes of a kind; `start` resolves once they can answer without a model. */
export interface RouteCompanion {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The scope of a token that may ask the domain route of a kind. */
export const ASKING: Readonly<Record<UseCase['kind'], Scope>> = { recommender: 'recommend', classifier: 'classify' };

/** Adds the routes that answer by the model: which ones, the use case's kind says. */
export const answerRoutes = (app: Web, { usecase, ...parts }: RouteParts): RouteCompanion =>
  usecase.kind === 'classifier' ? classifierRoutes(app, { usecase, ...parts }) : recommenderRoutes(app, { usecase, ...parts });

function recommenderRoutes(app: Web, parts: RouteParts<RecommenderUseCase>): RouteCompanion {
  const { usecase, lake, logger, slot } = parts;
  const popular = watchPopular({ usecase, lake, logger, needed: () => slot.current() === undefined });
  const answer = answerer({ ...parts, popular: () => popular.items() });
  recommendRoute(app, { ...parts, answer });
  inferenceProtocol(app, { ...parts, inferring: inferItems({ usecase, answer }) });
  return { start: () => popular.counted(), stop: () => popular.stop() };
}

function classifierRoutes(app: Web, parts: RouteParts<ClassifierUseCase>): RouteCompanion {
  const decide = decider(parts);
  classifyRoute(app, { ...parts, decide });
  inferenceProtocol(app, { ...parts, inferring: inferDecisions({ ...parts, decide }) });
  return { start: async () => undefined, stop: async () => undefined };
}
