import type { Construct } from 'constructs';
import { predictionTopic } from '../../app/ingestion/topics.ts';
import {
  DAILY_QUOTA,
  DRAIN_SECONDS,
  FALLBACK,
  FALLBACK_TIMEOUT_MS,
  MAIN_PARAMETERS,
  MODEL_KIND,
  MODEL_LOAD_SECONDS,
  PREDICTION_FIELDS,
  PREDICTION_LOG,
  PREDICTION_RETENTION_DAYS,
  RATE_PER_SECOND,
  REQUEST_SCHEMAS,
  ROLLOUT,
  ROLLOUT_VERDICT,
  SETTING,
  SLO_P99_MS,
  SLO_RULE,
} from '../../app/usecases/annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { autoscaler } from '../cluster/autoscaler.ts';
import { wholeNamespace } from '../cluster/edges.ts';
import { sizeOf } from '../cluster/size.ts';
import { deployment } from '../cluster/workload.ts';
import { CANARY_ALERT, sloRuleName } from '../monitoring/names.ts';
import type { Site } from '../site.ts';
import { GATEWAY } from './gateway.ts';
import { canaryOf, type Release } from './release.ts';

const HTTP = 8080;
/** A cold pod loads and warms its model within this. */
const LOAD_SECONDS = 60;
const DRAIN = 15;
const BODY_LIMIT = 65_536;
const KEEP_CHAMPIONS = 2;
export const VERIFY_KEY = 'release-verify-key';
const PREDICTED = ['request_id', 'unit_id', 'version', 'user_id', 'at', 'features', 'feature_offset', 'items', 'scores'] as const;
const DAY_SECONDS = 86_400;

/** What request schemas of a use case are called. */
export const schemasName = (usecase: UseCase): string => `${usecase.name}-requests`;

/**
 * The inference API at one release: answers by the declared fallback until a model is there, and where a store fails. Its
 * replicas follow CPU and request rate.
 */
export function inference(scope: Construct, site: Site, usecase: UseCase, release: Release): void {
  const declared = workloadsOf(usecase).find(({ layer }) => layer === 'serving');
  if (declared === undefined) return;
  const declaration = release.track === 'stable' ? declared : canaryOf(declared);
  const { resources, min, max } = sizeOf(site, usecase.name, declared);
  const share = release.track === 'stable' ? max : Math.max(min, Math.ceil((max * release.weight) / 100));
  const { serving } = usecase;
  const retentionDays = Math.round(micros(usecase.retention) / (DAY_SECONDS * 1e6));
  const quota = String(serving.rateLimit.perSecond * DAY_SECONDS);
  const rate = String(serving.rateLimit.perSecond);

  deployment(scope, {
    site,
    usecase,
    declaration,
    ...(declaration !== declared && { trackOf: declared }),
    resources,
    priority: 'serving',
    minReplicas: min,
    drainSeconds: DRAIN,
    startSeconds: LOAD_SECONDS,
    callers: [{ from: [wholeNamespace(GATEWAY.namespace)], ports: [HTTP] }],
    configs: [schemasName(usecase), VERIFY_KEY],
    env: {
      [MODEL_ENVIRONMENT.releaseUnit]: release.unit,
      [MODEL_ENVIRONMENT.modelFormats]: 'onnx',
      [MODEL_ENVIRONMENT.verifyKey]: `/etc/millrace/${VERIFY_KEY}/key.pem`,
      [SETTING.storeTimeoutMs]: String(serving.storeTimeoutMs),
      [SETTING.ratePerSecond]: rate,
      [SETTING.dailyQuota]: quota,
      [SETTING.bodyLimit]: String(BODY_LIMIT),
    },
    annotations: {
      [MODEL.releaseUnit]: release.unit,
      [MODEL.modelFormats]: 'onnx',
      [MODEL.maxAgeDays]: '7',
      [MODEL.keepChampions]: String(KEEP_CHAMPIONS),
      [FALLBACK]: serving.fallback,
      [FALLBACK_TIMEOUT_MS]: String(serving.storeTimeoutMs),
      [MODEL_KIND]: usecase.kind,
      [SLO_P99_MS]: String(serving.slo.p99Ms),
      [SLO_RULE]: sloRuleName(usecase),
      [MODEL_LOAD_SECONDS]: String(LOAD_SECONDS),
      [DRAIN_SECONDS]: String(DRAIN),
      [PREDICTION_LOG]: predictionTopic(usecase),
      [PREDICTION_FIELDS]: PREDICTED.join(','),
      [PREDICTION_RETENTION_DAYS]: String(retentionDays),
      [ROLLOUT]: 'canary',
      [ROLLOUT_VERDICT]: CANARY_ALERT,
      [MAIN_PARAMETERS]: serving.mainParameters.join('; '),
      [REQUEST_SCHEMAS]: schemasName(usecase),
      [RATE_PER_SECOND]: rate,
      [DAILY_QUOTA]: quota,
    },
  });
  const perPod = site.plan.usecases[usecase.name]?.servingCapacity.value;
  autoscaler(scope, {
    site,
    usecase,
    declaration,
    min,
    max: share,
    ...(perPod !== undefined && {
      rate: { counter: 'millrace_serving_requests_total', perPod: Math.max(1, Math.floor(perPod / Math.max(1, max))) },
    }),
  });
}
