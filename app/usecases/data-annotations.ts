/**
 * What constructs write about data so that the D rules can judge it, and where. Kubernetes objects carry these as
 * `metadata.annotations` of the object itself (of the Deployment or CronWorkflow, not of its pod template) unless a line
 * says `label`; AWS resources carry the same keys as `tags`. Each rule holds what is written against other objects of the
 * stack, so that writing alone satisfies none.
 */
export const DATA = {
  /**
   * On every KafkaTopic: `event` (what a collector admits), `dead-letter`, `prediction` or `internal`. A topic without it
   * is judged as `event`. One that a dead-letter annotation names must be `dead-letter`.
   */
  role: 'millrace.dev/role',
  /**
   * On every KafkaTopic and, on AWS, as a parameter of every Glue table: the highest class of its fields: `public`,
   * `internal`, `sensitive` or `pii`. D01 holds it against the schema that the topic names.
   */
  dataClass: 'millrace.dev/data-class',
  /** On the same: names of the fields of class `pii`, sorted, joined by commas. D01: exactly those that the schema marks. */
  piiFields: 'millrace.dev/pii-fields',
  /**
   * On the same, where the class is `pii` or `sensitive`: what holds the key that seals the fields, as `Kind/name` of an
   * object of the stack, e.g. `Secret/keyring`, `ExternalSecret/keyring`; on AWS also `Key/<Pulumi name>`. D01: it is there.
   */
  keyRef: 'millrace.dev/key-ref',
  /**
   * On every topic of role `event`: `<ConfigMap>/<data key>` of its JSON Schema, e.g. `retail-schemas/click.json`. The
   * ConfigMap carries the label `millrace.dev/manifest: schemas`; its documents come from `schemaDocuments`.
   */
  schema: 'millrace.dev/schema',
  /** On the same: `BACKWARD`, `FULL`, `BACKWARD_TRANSITIVE` or `FULL_TRANSITIVE`. D02. */
  compatibility: 'millrace.dev/compatibility',
  /**
   * On every KafkaTopic with personal data, on the use case's `vacuum` schedule, and on its prediction topic: the use case's
   * `retention`, as a duration (`400d`): one value for all. D04 holds it against `spec.config["retention.ms"]` (set, positive,
   * not above it) and against the schedule's arguments, which hold `--retention <duration>` not above it.
   */
  retention: 'millrace.dev/retention',
  /**
   * On every topic of role `event`: name of its dead-letter topic. D05 looks at each KafkaUser whose ACLs read the topic
   * within a group: the dead-letter topic is in the stack, on the same Kafka (`strimzi.io/cluster`), of the same class, with
   * a key of its own named where the source names one.
   */
  deadLetter: 'millrace.dev/dead-letter',
  /**
   * On every workload (Deployment, CronWorkflow, CronJob, Job): what it reads and writes, from its declaration, by
   * `accessText`, e.g. `lake:retail.click,log:retail.click,metadata`. D05, D07, M07.
   */
  reads: 'millrace.dev/reads',
  writes: 'millrace.dev/writes',
  /**
   * On the Deployment of the collector: `user=600,session=600,address=6000`, most events a minute, above 0. D13 (advisory)
   * holds it against the container's environment, where `MILLRACE_RATE_CAPS` has the same text.
   */
  rateCaps: 'millrace.dev/rate-caps',
  /**
   * Label on ConfigMaps that a rule reads: `schemas`, `feature-views`, `erasure` or, where topics are no objects that could carry
   * words, `topics` (`<topic>.json` holds the annotations of each) and, on a single broker, `topic-list` (those that are made).
   * Each also has the label `millrace.dev/usecase`. D08, D10, D11, M12.
   */
  manifest: 'millrace.dev/manifest',
  /**
   * On every workload that computes, trains on or serves features (materializer, backfill, retrain, serving, gate): view and
   * hash of its definition, by `viewsText`, e.g. `user_activity=<64 hex>,user_taste=<64 hex>`. D09 holds them against each
   * other, the `feature-views` manifest and the release unit that serving names.
   */
  featureViews: 'millrace.dev/feature-views',
  /**
   * Tag or label on what stores something, AWS resources above all: `lake`, `audit`, `releases`, `online`, `metadata`, `log`,
   * `subject-keys` or `warehouse`. C05 finds the audit bucket by it, C08 the store of subject keys and its key.
   */
  store: 'millrace.dev/store',
} as const;

/** One thing in one store, as `reads` and `writes` name it. */
interface Accessed {
  readonly store: string;
  readonly topic?: string;
  readonly table?: string;
  readonly view?: string;
  readonly prefix?: string;
}

/** `lake:retail.click,log:retail.click,metadata`: sorted, each once. */
export const accessText = (accesses: readonly Accessed[]): string =>
  [
    ...new Set(
      accesses.map(({ store, topic, table, view, prefix }) =>
        [store, topic ?? table ?? view ?? prefix].filter(Boolean).join(':'),
      ),
    ),
  ]
    .sort()
    .join(',');

/** `user_activity=<hash>,user_taste=<hash>`, sorted by view. */
export const viewsText = (hashes: Readonly<Record<string, string>>): string =>
  Object.entries(hashes)
    .map(([view, hash]) => `${view}=${hash}`)
    .sort()
    .join(',');
