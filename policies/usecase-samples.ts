/** One good use case in a stack, as small as every rule lets it be. */
import {
  DAILY_QUOTA,
  DRAIN_SECONDS,
  FALLBACK,
  FALLBACK_TIMEOUT_MS,
  MAIN_PARAMETERS,
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
} from '../app/usecases/annotations.ts';
import { DATA } from '../app/usecases/data-annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../app/usecases/model-annotations.ts';
import { altered, settingChange } from './alteration.ts';
import type { Resource } from './rule.ts';
import { container, kubernetes, labelsFor, type Workload, workload } from './samples.ts';
import { env, HASH, ofRetail, training, VIEWS } from './training-samples.ts';

type Texts = Readonly<Record<string, string>>;

const SERVING = ofRetail('serving', 'serving');

const selector = { matchLabels: { 'app.kubernetes.io/name': SERVING.name } };
const metadataOf = (workload: Workload) => ({ namespace: `millrace-${workload.layer}`, labels: labelsFor(workload) });

const answering = container({
  args: ['serving', 'serve'],
  env: env({
    [SETTING.storeTimeoutMs]: '20',
    [SETTING.ratePerSecond]: '50',
    [SETTING.dailyQuota]: '100000',
    [SETTING.bodyLimit]: '65536',
    [MODEL_ENVIRONMENT.releaseUnit]: 'none',
    [MODEL_ENVIRONMENT.modelFormats]: 'onnx',
    [MODEL_ENVIRONMENT.verifyKey]: '/etc/millrace/verify/key.pem',
  }),
  volumeMounts: [{ name: 'verify', mountPath: '/etc/millrace/verify', readOnly: true }],
  startupProbe: { httpGet: { path: '/startupz', port: 8080 }, periodSeconds: 2, failureThreshold: 60 },
  readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 5 },
  livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 },
  lifecycle: { preStop: { sleep: { seconds: 10 } } },
});

const deployment = altered(
  workload(
    'Deployment',
    SERVING,
    {
      terminationGracePeriodSeconds: 45,
      containers: [answering],
      volumes: [{ name: 'verify', configMap: { name: 'verify' } }],
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: selector },
      ],
    },
    {
      [MODEL_LOAD_SECONDS]: '60',
      [DRAIN_SECONDS]: '20',
      [FALLBACK]: 'popular',
      [FALLBACK_TIMEOUT_MS]: '20',
      [SLO_P99_MS]: '50',
      [SLO_RULE]: 'retail',
      [PREDICTION_LOG]: 'retail.prediction',
      [PREDICTION_FIELDS]: 'request_id,unit_id,user_id,features,items,scores',
      [PREDICTION_RETENTION_DAYS]: '400',
      [ROLLOUT]: 'canary',
      [ROLLOUT_VERDICT]: 'RetailCanaryWorse',
      [MAIN_PARAMETERS]: 'what you viewed in the last half hour; what others bought',
      [REQUEST_SCHEMAS]: 'retail-requests',
      [MODEL.releaseUnit]: 'none',
      [MODEL.modelFormats]: 'onnx',
      [MODEL.maxAgeDays]: '7',
      [MODEL.keepChampions]: '2',
      [DATA.featureViews]: VIEWS,
    },
  ),
  [['spec', 'strategy'], { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }],
);

const requests = {
  type: 'object',
  additionalProperties: false,
  properties: {
    user: { type: 'string', maxLength: 256 },
    exclude: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 256 } },
    context: { type: 'object', properties: { profiling: { type: 'boolean' } } },
  },
};

const backend = (name: string, weight: number) => ({ name, port: 80, weight });
const runbook_url = 'https://runbooks.example.org/retail';
const alert = (name: string, expr: string, labels: Texts) => ({ alert: name, expr, labels, annotations: { runbook_url } });
const burn = (short: string, long: string, factor: number) =>
  `millrace_errors:ratio[${short}] > ${factor} and millrace_errors:ratio[${long}] > ${factor}`;

/** What answers, with all that stands around it. */
const front: readonly Resource[] = [
  deployment,
  kubernetes('autoscaling/v2:HorizontalPodAutoscaler', 'autoscaler', {
    metadata: { ...metadataOf(SERVING), name: 'serving' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'serving' }, minReplicas: 3, maxReplicas: 9 },
  }),
  kubernetes('policy/v1:PodDisruptionBudget', 'budget', {
    metadata: { ...metadataOf(SERVING), name: 'serving' },
    spec: { minAvailable: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector },
  }),
  kubernetes('gateway.networking.k8s.io/v1:HTTPRoute', 'route', {
    metadata: { ...metadataOf(SERVING), annotations: { [RATE_PER_SECOND]: '50', [DAILY_QUOTA]: '100000' } },
    spec: {
      parentRefs: [{ name: 'public', namespace: 'millrace-serving' }],
      rules: [
        {
          matches: [{ path: { type: 'Exact', value: '/v1/recommend' } }],
          backendRefs: [backend('serving', 100), backend('serving-canary', 0)],
        },
      ],
    },
  }),
  kubernetes('core/v1:ConfigMap', 'retail-requests', {
    metadata: metadataOf(SERVING),
    data: { 'recommend.json': JSON.stringify(requests) },
  }),
];

const rules = kubernetes('monitoring.coreos.com/v1:PrometheusRule', 'retail', {
  metadata: metadataOf(ofRetail('rules', 'monitoring')),
  spec: {
    groups: [
      {
        name: 'retail',
        rules: [
          alert('RetailFastBurn', burn('5m', '1h', 14), { severity: 'page', watches: 'slo' }),
          alert('RetailSlowBurn', burn('30m', '6h', 6), { severity: 'ticket', watches: 'slo' }),
          alert('RetailCanaryWorse', 'millrace_canary_gap > 0', { watches: 'rollout' }),
          alert('RetailDrift', 'millrace_drift_psi > 0.2', { monitor: 'drift' }),
          alert('RetailSkew', 'millrace_features_mismatched_total > 0.01', { monitor: 'skew' }),
          alert('RetailStale', 'millrace_model_age_seconds > 604800', { monitor: 'stale' }),
        ],
      },
    ],
  },
});

const running = (verb: readonly string[]) => ({ containers: [container({ args: verb })] });

const manifest = (sort: string, data: Texts): Resource =>
  kubernetes('core/v1:ConfigMap', `retail-${sort}`, {
    metadata: { namespace: 'millrace-governance', labels: { ...labelsFor(ofRetail(sort, 'governance')), [DATA.manifest]: sort } },
    data,
  });

/** What learns, takes in, keeps and watches. */
const behind: readonly Resource[] = [
  rules,
  workload('Deployment', ofRetail('monitor', 'monitoring'), running(['monitoring', 'watch'])),
  workload('Deployment', ofRetail('sink', 'lake'), running(['lake', 'sink']), { [DATA.writes]: 'lake:retail.prediction' }),
  workload('CronJob', ofRetail('vacuum', 'lake'), running(['lake', 'vacuum', '--retention', '400d']), {
    [DATA.retention]: '400d',
    [DATA.writes]: 'lake:retail.prediction',
  }),
  workload('CronJob', ofRetail('attacks', 'delivery'), running(['delivery', 'attack']), {
    [MODEL.robustness]: 'extraction,fuzz,poisoning',
  }),
  training('CronJob'),
  kubernetes('kafka.strimzi.io/v1:KafkaTopic', 'retail.prediction', {
    metadata: {
      ...metadataOf(ofRetail('prediction', 'ingestion')),
      annotations: { [DATA.role]: 'prediction', [DATA.dataClass]: 'internal', [DATA.retention]: '400d' },
    },
    spec: {
      topicName: 'retail.prediction',
      partitions: 3,
      replicas: 3,
      config: { 'min.insync.replicas': 2, 'unclean.leader.election.enable': 'false', 'retention.ms': 604_800_000 },
    },
  }),
  manifest('feature-views', {
    'taste.json': JSON.stringify({
      name: 'taste',
      kind: 'embedding',
      owner: 'team-recs',
      entity: 'user',
      joinKey: 'user_id',
      eventTime: '_learnt_at',
      ttl: '7d',
      hash: HASH,
      features: { taste: [] },
      minSupport: 3,
    }),
  }),
  manifest('erasure', {
    'erasure.json': JSON.stringify({
      stores: [{ kind: 'KafkaTopic', name: 'retail.prediction', outcome: 'unreadable' }],
      exempt: [],
    }),
  }),
  kubernetes('external-secrets.io/v1:ExternalSecret', 'gate-key', {
    metadata: { namespace: 'millrace-delivery', labels: { [MODEL.grants]: 'promote' } },
    spec: { target: { name: 'gate-key' } },
  }),
  kubernetes('networking.k8s.io/v1:NetworkPolicy', 'training-edges', {
    metadata: { namespace: 'millrace-training' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  }),
];

export const useCase: readonly Resource[] = [...front, ...behind];

/** A setting of the serving container changed, or taken away. */
export const settingOf = settingChange(deployment, ['spec', 'template', 'spec', 'containers', 0]);
