import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$', description: 'a lower-case name of letters, digits and hyphens' });
const pinned = Type.String({
  pattern: '^[^@\\s]+@sha256:[0-9a-f]{64}$',
  description: 'an image by digest, name@sha256:<64 hex digits>',
});
const range = Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+$', description: 'an IPv4 range, e.g. 10.0.0.0/16' });
const host = Type.String({ pattern: '^[a-z0-9.-]+$', description: 'a host name' });
const unit = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'the id of a release unit, 64 hex digits' });
const certificates = Type.String({ pattern: '^-----BEGIN CERTIFICATE-----', description: 'certificates in PEM' });
const principal = Type.String({ pattern: '^arn:aws[a-z-]*:iam::', description: 'the ARN of an IAM role or user' });
const count = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, description: `a whole number from ${minimum} to ${maximum}` });
const oneOf = <const T extends readonly string[]>(...values: T) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description: `one of ${values.join(', ')}` },
  ) as unknown as ReturnType<typeof Type.Unsafe<T[number]>>;

/** Where something that is not ours answers: a namespace of this cluster, or address ranges. */
const place = {
  namespace: Type.Optional(name),
  /** Labels of its pods there. */
  labels: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }))),
  ranges: Type.Optional(Type.Array(range, { minItems: 1 })),
};
const database = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,62}$', description: 'the name of a database' });

/** Every dial of an environment, as `Pulumi.<env>.yaml` holds them under `millrace:`. */
export const DIALS = Type.Object(
  {
    target: oneOf('kubernetes', 'aws'),
    owner: name,
    costCentre: name,
    load: Type.Object(
      {
        dailyUsers: count(1, 1_000_000_000),
        eventsPerUser: count(1, 100_000),
        peakFactor: Type.Number({ minimum: 1, maximum: 100, description: 'peak over mean load, from 1 to 100' }),
        retentionDays: count(1, 3_650),
      },
      closed,
    ),
    /** Shards of the online store that stay although less would do. @default 1 */
    onlineShards: Type.Optional(count(1, 90)),
    image: pinned,
    /** The commit that the image was built from. */
    commit: Type.String({ pattern: '^[0-9a-f]{40}$', description: 'a commit, 40 hex digits' }),
    /** What provides each part. */
    providers: Type.Object(
      {
        log: oneOf('strimzi', 'msk', 'single'),
        online: oneOf('valkey', 'elasticache'),
        metadata: oneOf('cloudnative-pg', 'rds'),
        warehouse: oneOf('none', 'trino', 'athena'),
        nodes: oneOf('existing', 'karpenter', 'managed'),
      },
      closed,
    ),
    /** How the operators' kinds come into the cluster: installed by Helm, applied from a folder of manifests, or there already. */
    operators: Type.Object(
      { from: oneOf('helm', 'manifests', 'present'), folder: Type.Optional(Type.String({ minLength: 1 })) },
      closed,
    ),
    /** The S3 endpoint of target kubernetes. */
    objects: Type.Optional(
      Type.Object(
        {
          host,
          port: count(1, 65_535),
          region: name,
          bucket: name,
          /** The ClusterSecretStore that holds each workload's access key, under `millrace/<environment>/objects/<workload>`. */
          secretStore: name,
          /** Who signed the endpoint's certificate, where the world's authorities did not: certificates in PEM. */
          certificateAuthority: Type.Optional(certificates),
          ...place,
        },
        closed,
      ),
    ),
    /** Who may ask the warehouse that runs in this cluster. @default nobody */
    warehouse: Type.Optional(Type.Object({ callers: Type.Array(name, { minItems: 1 }) }, closed)),
    /** The databases that use cases follow (sources of kind `database`), by `<use case>-<source>`. */
    changeCapture: Type.Optional(
      Type.Object(
        {
          /**
           * Kafka Connect on Strimzi's base image, by digest, with Debezium's connector for Postgres in it; for MSK also
           * `aws-msk-iam-auth`.
           */
          image: pinned,
          databases: Type.Record(
            Type.String({ pattern: '^[a-z][a-z0-9-]*$' }),
            Type.Object(
              {
                host,
                port: count(1, 65_535),
                database,
                /**
                 * The ClusterSecretStore with the connector's `username`, `password` and `ca.crt`, under
                 * `millrace/<environment>/databases/<use case>-<source>`; on aws Secrets Manager under
                 * `millrace-<environment>-database-<use case>-<source>`.
                 */
                secretStore: Type.Optional(name),
                ...place,
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    /** Where the API server answers, for the operators' agents that call it. @default on aws the ranges of the VPC, port 443 */
    controlPlane: Type.Optional(Type.Object({ ranges: Type.Array(range, { minItems: 1 }), port: count(1, 65_535) }, closed)),
    /** What disks are made from; must encrypt. @default the cluster's default class */
    storageClass: Type.Optional(name),
    gateway: Type.Object({ host, className: name, certificateIssuer: name }, closed),
    gpu: Type.Object(
      {
        product: Type.String({ minLength: 1, description: 'a GPU node type' }),
        maxNodes: count(0, 1_000),
        quota: count(0, 1_000),
        monthlyBudget: count(0, 10_000_000),
        idleMinutes: count(1, 1_440),
        /**
         * How a new GPU node shows that its device plugin runs: `taint` has nodes start with `millrace.dev/device-plugin`,
         * which the workload `node-readiness` takes away once the node has GPUs to give; `allocatable` trusts the node's own
         * count of GPUs alone.
         */
        readiness: oneOf('taint', 'allocatable'),
      },
      closed,
    ),
    /** What Karpenter makes nodes from, where the target is not aws. */
    nodeClass: Type.Optional(
      Type.Object({ group: host, kind: Type.String({ minLength: 1, description: 'a kind of node class' }), name }, closed),
    ),
    /**
     * Release units that are served, by use case: one, or a canary beside it with its percent of the requests; `none` while
     * nothing was released. Previews hold them against the registry's signed snapshot that `policies` pins.
     */
    releases: Type.Union(
      [
        Type.Literal('none'),
        Type.Record(name, Type.Union([unit, Type.Object({ stable: unit, canary: unit, weight: count(1, 99) }, closed)])),
      ],
      { description: 'none, or a release unit (64 hex digits) or {stable, canary, weight} by use case' },
    ),
    /** The public key that releases are signed with, as `millrace registry snapshot --verify-key` writes it. */
    verifyKey: Type.Optional(Type.String({ pattern: '^-----BEGIN PUBLIC KEY-----', description: 'a public key in PEM' })),
    /** Settings of the policy pack, which checks them itself (policies/settings.ts). */
    policies: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    alerts: Type.Object(
      {
        runbooks: Type.String({ pattern: '^https://', description: 'an https address' }),
        receiver: Type.String({ pattern: '^https://', description: 'an https address that Alertmanager calls' }),
      },
      closed,
    ),
    aws: Type.Optional(
      Type.Object(
        {
          region: name,
          allowedRegions: Type.Array(name, { minItems: 1 }),
          cidr: range,
          adminRanges: Type.Array(range),
          /** Roles or users that administer the cluster. */
          administrators: Type.Array(principal),
          /** Roles or users of the account that have a role of the platform (governance/roles.ts). */
          roles: Type.Optional(
            Type.Partial(
              Type.Object(
                {
                  'platform-engineer': Type.Array(principal),
                  'ml-engineer': Type.Array(principal),
                  auditor: Type.Array(principal),
                },
                closed,
              ),
            ),
          ),
          alertEmail: Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$', description: 'an e-mail address' }),
        },
        closed,
      ),
    ),
    /**
     * Stand on the foundation of another stack, as `millrace stack up <environment> --foundation` makes it, instead of making
     * one; e.g. `organization/millrace-foundation/prod`.
     */
    foundation: Type.Optional(
      Type.Object(
        {
          stack: Type.String({
            pattern: '^[\\w.-]+/[\\w.-]+/[\\w.-]+$',
            description: 'a stack with its organisation and project, e.g. organization/millrace-foundation/prod',
          }),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type RawDials = Static<typeof DIALS>;
