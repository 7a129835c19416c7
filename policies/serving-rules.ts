import type { Rule } from './rule.ts';
import { boundedRequests } from './serving/bounded-requests.ts';
import { burnRate } from './serving/burn-rate.ts';
import { clientLimits } from './serving/client-limits.ts';
import { gracefulStop } from './serving/graceful-stop.ts';
import { itemRoutes } from './serving/item-routes.ts';
import { judgedRollout } from './serving/judged-rollout.ts';
import { ownProbes } from './serving/own-probes.ts';
import { predictionLog } from './serving/prediction-log.ts';
import { timelyFallback } from './serving/timely-fallback.ts';
import { withoutProfiling } from './serving/without-profiling.ts';
import { zonalReplicas } from './serving/zonal-replicas.ts';

export const SERVING_RULES: readonly Rule[] = [
  zonalReplicas,
  ownProbes,
  gracefulStop,
  clientLimits,
  itemRoutes,
  boundedRequests,
  predictionLog,
  judgedRollout,
  timelyFallback,
  burnRate,
  withoutProfiling,
];
