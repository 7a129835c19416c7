/**
 * What constructs write about models so that the M rules can judge it, and where: `metadata.annotations` of the Deployment,
 * CronWorkflow or CronJob itself unless a line says otherwise. Each rule holds it against other objects of the stack or
 * against the registry's signed snapshot.
 */
export const MODEL = {
  /**
   * On every Deployment of layer `serving`: the unit id (64 hex digits) that it is deployed for, or `none` before the first
   * release. `none` needs a fallback (`fallback` below). M02 holds the unit and the digest of the container's image against
   * the snapshot; M03, M05, M10, M11 and M13 read the same entry.
   */
  releaseUnit: 'millrace.dev/release-unit',
  /** On the same: what is answered without a model, e.g. `popular`. M02, S09. */
  fallback: 'millrace.dev/fallback',
  /** On the same: `onnx`, or `onnx,safetensors`. M05 holds it against the environment, arguments and images of the pod. */
  modelFormats: 'millrace.dev/model-formats',
  /**
   * On the same: most days a model may be old, e.g. `7`. M09 holds it against the schedule of the use case's training (longest
   * time between two runs) and an alert with `labels.monitor: stale` whose threshold in seconds is not above it.
   */
  maxAgeDays: 'millrace.dev/max-age-days',
  /**
   * On the same: how many former champions stay loadable, 2 at least. M10 holds it against lifecycle rules of buckets (none
   * expires the prefix `releases/`) and the snapshot.
   */
  keepChampions: 'millrace.dev/keep-champions',
  /**
   * On the training schedule: least events of an entity with a published vector, by view, e.g. `user_taste=3`. M12 holds it
   * against the `feature-views` manifest and the least value of the policy settings.
   */
  minSupport: 'millrace.dev/min-support',
  /**
   * On a CronJob or CronWorkflow of layer `delivery`, one a use case: `extraction,fuzz,poisoning`, what its run tries. M11
   * holds it against its arguments (they begin with `delivery`), its schedule (30 days at most between two runs, not
   * suspended) and the report's time in the snapshot.
   */
  robustness: 'millrace.dev/robustness',
  /**
   * Label on a Secret, ExternalSecret or KafkaUser whose credentials allow something that duties are parted by: `promote`
   * (move the champion alias; exactly one layer, `delivery`, may mount it) or `write-data` (write topics of events or tables
   * of the lake). M04, M07 follow it to the pods that mount it, and to Roles that may read it.
   */
  grants: 'millrace.dev/grants',
  /**
   * On a NetworkPolicy that lets training out to address ranges: which store each is, e.g. `lake=10.1.0.0/16`. M06 refuses
   * a range that is not private and not named here, and any range wider than /8.
   */
  egressRanges: 'millrace.dev/egress-ranges',
} as const;

/**
 * Environment variables (plain values) of containers that the M rules read:
 *
 * - training (layer `training`): `MILLRACE_SEED` a whole number, `MILLRACE_CODE_COMMIT` 40 hex digits,
 *   `MILLRACE_DATA_SNAPSHOT` either `at-start` (the run pins the newest versions once, before it reads, and records them) or
 *   `<table>@<version>,…`; never `latest`. The image is by digest. M01.
 * - serving: `MILLRACE_VERIFY_KEY` the path of the public key (PEM), inside a read-only mount of a Secret or ConfigMap of the
 *   pod; `MILLRACE_RELEASE_UNIT` the same text as the annotation; `MILLRACE_MODEL_FORMATS` the same text as its annotation. M02, M05.
 *
 * Alerts of a PrometheusRule that has the label `millrace.dev/usecase`: `labels.monitor` is `drift`, `skew` or `stale`;
 * `annotations.runbook_url` an https address; `expr` compares a `millrace_*` metric with a number. M08, M09.
 *
 * Pods of training are let out (NetworkPolicy) to pods of the namespaces of lake, registry and ingestion, to the telemetry
 * collector's pods in monitoring, to the name service at port 53, and to private ranges; each with its ports. M06.
 */
export const MODEL_ENVIRONMENT = {
  seed: 'MILLRACE_SEED',
  codeCommit: 'MILLRACE_CODE_COMMIT',
  dataSnapshot: 'MILLRACE_DATA_SNAPSHOT',
  verifyKey: 'MILLRACE_VERIFY_KEY',
  releaseUnit: 'MILLRACE_RELEASE_UNIT',
  modelFormats: 'MILLRACE_MODEL_FORMATS',
  rateCaps: 'MILLRACE_RATE_CAPS',
} as const;
