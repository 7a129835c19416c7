/**
 * The words that Kubernetes lacks. Constructs write them, policies read them and hold them against the objects they speak of,
 * never the word alone. Labels select, so their values are short; annotations explain.
 *
 * What else every object of the platform keeps to: namespaces are `millrace-<layer>`; containers run
 * `millrace <layer> <verb>` with the use case in `MILLRACE_USECASE`; settings are environment variables `MILLRACE_*`; GPU nodes
 * carry the taint `nvidia.com/gpu=present:NoSchedule`, those that a stack makes also the label `millrace.dev/pool=gpu`, others
 * `millrace.dev/pool=cpu`, and each pod selects its pool there; public routes are Gateway API HTTPRoutes with exact paths.
 *
 * What is said about data is in data-annotations.ts, about models in model-annotations.ts; what ConfigMaps hold for the
 * rules to read in manifests.ts.
 */

/** The standard labels of Kubernetes that we rely on. */
export const NAME = 'app.kubernetes.io/name';
export const PART_OF = 'app.kubernetes.io/part-of';

/** Label of everything that belongs to one use case; its value is the definition's name. */
export const USECASE = 'millrace.dev/usecase';
/** Label: the layer (app/layers.ts) an object belongs to, or `cluster`. */
export const LAYER = 'millrace.dev/layer';
/** Label: name of the workload (app/workloads.ts) an object belongs to. */
export const WORKLOAD = 'millrace.dev/workload';
/** Label of namespaces: `millrace`. Admission policies are bound to the namespaces that carry it. */
export const BELONGS = 'millrace.dev/part-of';
/** Value of PART_OF and BELONGS. */
export const PLATFORM = 'millrace';
/** Label of nodes and key of nodeSelector: `gpu` or `cpu`. */
export const POOL = 'millrace.dev/pool';
/** Resource, taint and toleration key of a GPU. */
export const GPU = 'nvidia.com/gpu';
/** A GPU node starts with it where the dials say so, until its device plugin has told of its GPUs and it is taken away. */
export const DEVICE_PLUGIN_TAINT = 'millrace.dev/device-plugin';

/** Priority classes, from the last to be evicted to the first. Their values fall strictly in this order. */
export const PRIORITIES = ['millrace-serving', 'millrace-ingestion', 'millrace-training'] as const;

/** On a serving Deployment: seconds within which the model of a release is loaded and warm. The startup probe must allow for them. */
export const MODEL_LOAD_SECONDS = 'millrace.dev/model-load-seconds';
/** On a serving Deployment: seconds the process takes to finish what it began, after the preStop hook. */
export const DRAIN_SECONDS = 'millrace.dev/drain-seconds';
/** On a serving Deployment: what answers where the model or a store cannot, e.g. `popular`. */
export const FALLBACK = 'millrace.dev/fallback';
/** On a serving Deployment: milliseconds after which the fallback answers; equals MILLRACE_STORE_TIMEOUT_MS of its container. */
export const FALLBACK_TIMEOUT_MS = 'millrace.dev/fallback-timeout-ms';
/** On a serving Deployment: the latency objective at p99, milliseconds. */
export const SLO_P99_MS = 'millrace.dev/slo-p99-ms';
/** On a serving Deployment: name of the PrometheusRule (same use case) that holds its burn-rate alerts. */
export const SLO_RULE = 'millrace.dev/slo-rule';
/** On a serving Deployment: topic of the prediction log; a KafkaTopic of that name is in the stack. */
export const PREDICTION_LOG = 'millrace.dev/prediction-log';
/** On a serving Deployment: comma-separated fields of a logged prediction. */
export const PREDICTION_FIELDS = 'millrace.dev/prediction-fields';
/** On a serving Deployment: days that logged predictions are kept in the lake. */
export const PREDICTION_RETENTION_DAYS = 'millrace.dev/prediction-retention-days';
/** On a serving Deployment: how a new version comes, `shadow` or `canary`. */
export const ROLLOUT = 'millrace.dev/rollout';
/** On a serving Deployment: name of the alert whose firing takes a new version back; it is in a PrometheusRule of the stack. */
export const ROLLOUT_VERDICT = 'millrace.dev/rollout-verdict';
/** On a serving Deployment: the ranking's main parameters in words, separated by `; ` (DSA Art. 27). */
export const MAIN_PARAMETERS = 'millrace.dev/main-parameters';
/** On a serving Deployment: name of the ConfigMap (same namespace) whose `*.json` entries are the request schemas it enforces. */
export const REQUEST_SCHEMAS = 'millrace.dev/request-schemas';
/** On an HTTPRoute: requests a second and client, equal to MILLRACE_RATE_PER_SECOND of the container behind it. */
export const RATE_PER_SECOND = 'millrace.dev/rate-per-second';
/** On an HTTPRoute: requests a day and client, equal to MILLRACE_DAILY_QUOTA of the container behind it. */
export const DAILY_QUOTA = 'millrace.dev/daily-quota';

/** On a training workload: where checkpoints go; equals MILLRACE_CHECKPOINT of its container. */
export const CHECKPOINT = 'millrace.dev/checkpoint';
/** On a training workload: most trials of a search; equals MILLRACE_MAX_TRIALS of its container. */
export const MAX_TRIALS = 'millrace.dev/max-trials';
/** On a GPU NodePool: monthly budget in whole units of the stack's currency; a budget or cost alert in the stack names the pool. */
export const MONTHLY_BUDGET = 'millrace.dev/monthly-budget';
/** On a GPU NodePool: minutes that a GPU may idle before the alert fires; a PrometheusRule alert of the stack says so. */
export const IDLE_MINUTES = 'millrace.dev/idle-minutes';
/** Label of an alert (Prometheus allows no dots there): what it stands for, `gpu-idle`, `gpu-budget`, `slo` or `rollout`. */
export const WATCHES = 'watches';

/** On a serving workload: kind of its model, `recommender` or `classifier`. @default 'recommender' */
export const MODEL_KIND = 'millrace.dev/model-kind';
/** Paths that a public route of a serving layer may carry: their answers hold items and decisions, no scores, no vectors. */
export const PUBLIC_PATHS = ['/v1/recommend', '/v1/classify'] as const;

/** Label or tag: the team that answers for the object. */
export const OWNER = 'owner';
/** Label or tag: `dev`, `staging` or `prod`. */
export const ENVIRONMENT = 'millrace.dev/environment';
/** Label or tag: whom the cost is charged to. */
export const COST_CENTRE = 'millrace.dev/cost-centre';
/** Label or tag: the most protected class of data it touches (`public`, `internal`, `sensitive`, `pii`). */
export const DATA_CLASS = 'millrace.dev/data-class';

/** Settings of containers that rules compare with the words above. */
export const SETTING = {
  storeTimeoutMs: 'MILLRACE_STORE_TIMEOUT_MS',
  ratePerSecond: 'MILLRACE_RATE_PER_SECOND',
  dailyQuota: 'MILLRACE_DAILY_QUOTA',
  bodyLimit: 'MILLRACE_BODY_LIMIT',
  maxTrials: 'MILLRACE_MAX_TRIALS',
  checkpoint: 'MILLRACE_CHECKPOINT',
} as const;
