import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { network } from '../cluster/edges.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { type Endpoint, namespaceOf, PLATFORM, type Site } from '../site.ts';
import { CLUSTER, topicObject } from './names.ts';
import { restricted, restrictedContainer } from './strimzi-pod.ts';
import { type Acl, allowed } from './users.ts';

/** A Postgres whose changes are followed: what Debezium must know, and the Secret with the user's password. */
export interface ChangeSource {
  readonly name: string;
  readonly usecase: string;
  readonly database: Endpoint & { readonly database: string };
  /**
   * `schema.table`, each with a primary key. A change is written as it is: a table with personal data goes through the door, as
   * events, and not through here.
   */
  readonly tables: readonly { readonly name: string; readonly dataClass: 'public' | 'internal' }[];
  /** Secret in the ingestion namespace with `username`, `password` and `ca.crt`; the user has REPLICATION and SELECT on the tables. */
  readonly secret: string;
  /** Kafka Connect with Debezium's Postgres connector in it, by digest, on Strimzi's own base image. */
  readonly image: string;
}

const PLUGIN = 'io.debezium.connector.postgresql.PostgresConnector';
const DATABASE = 'database';
const PARTITIONS = 3;
const DAY_MS = 86_400_000;
const CONVERTER = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter.schemas.enable': 'false',
} as const;

const prefixOf = ({ usecase, name }: ChangeSource): string => `${usecase}.${name}`;
const heartbeatOf = ({ usecase }: ChangeSource): string => `${usecase}.heartbeat`;
const connectName = ({ usecase, name }: ChangeSource): string => `${usecase}-${name}`;

/** Topics that the connector writes: one a table, its heartbeat, and those that hold its own state. */
export function changeTopics(
  source: ChangeSource,
): Record<'tables' | 'state', readonly string[]> & { readonly heartbeat: string } {
  const prefix = prefixOf(source);
  return {
    tables: source.tables.map(({ name }) => `${prefix}.${name}`),
    heartbeat: `${heartbeatOf(source)}.${prefix}`,
    state: ['config', 'offset', 'status'].map((part) => `${prefix}.connect-${part}`),
  };
}

/** What the connector's principal may do: write its tables' topics, keep its state, and be one member of its own group. */
export function changeAcls(source: ChangeSource): readonly Acl[] {
  const { tables, heartbeat, state } = changeTopics(source);
  return [
    ...[...tables, heartbeat].map((topic) => allowed('topic', topic, ['Describe', 'Write'])),
    ...state.map((topic) => allowed('topic', topic, ['Describe', 'Read', 'Write'])),
    allowed('group', `${source.usecase}.${source.name}`, ['Describe', 'Read']),
  ];
}

/**
 * Follows the tables of a Postgres into the log with Debezium: a snapshot, then every change from the write-ahead log, in order
 * by key. Reads its passwords from mounted files; the log's are those of its own principal.
 */
export function changeCapture(scope: Construct, site: Site, source: ChangeSource): void {
  const name = connectName(source);
  const named = { name: source.name, layer: 'ingestion', usecase: source.usecase } as const;
  const labels = labelsOf(named, site.dials.owner);
  const metadata = { name, namespace: namespaceOf('ingestion'), labels: { ...labels, [CLUSTER]: PLATFORM } };
  const { tables, heartbeat, state } = changeTopics(source);
  const [configTopic, offsetTopic, statusTopic] = state as [string, string, string];
  const { replication, minInSync } = site.plan.platform.kafka;
  const topic = (topicName: string, partitions: number, dataClass: string, config: Readonly<Record<string, string>>) =>
    customObject(scope, `topic-${topicName}`, 'kafka.strimzi.io/v1 KafkaTopic', {
      metadata: {
        ...metadata,
        name: topicObject(topicName),
        annotations: { [DATA.role]: 'internal', [DATA.dataClass]: dataClass, [DATA.piiFields]: '' },
      },
      spec: {
        topicName,
        partitions,
        replicas: replication.value,
        config: { 'min.insync.replicas': String(minInSync.value), 'unclean.leader.election.enable': 'false', ...config },
      },
    });
  const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(site.dials.load.retentionDays * DAY_MS) };
  // A row's changes keep their order: its key decides the partition.
  for (const [index, name] of tables.entries()) topic(name, PARTITIONS, source.tables[index]?.dataClass ?? 'internal', kept);
  topic(heartbeat, 1, 'internal', kept);
  // One order for its settings; the rest is by connector and task.
  for (const name of state) topic(name, name === configTopic ? 1 : PARTITIONS, 'internal', { 'cleanup.policy': 'compact' });
  customObject(scope, `${source.name}-user`, 'kafka.strimzi.io/v1 KafkaUser', {
    metadata,
    spec: { authentication: { type: 'scram-sha-512' }, authorization: { type: 'simple', acls: changeAcls(source) } },
  });
  customObject(scope, `${source.name}-connect`, 'kafka.strimzi.io/v1 KafkaConnect', {
    metadata: { ...metadata, labels, annotations: { 'strimzi.io/use-connector-resources': 'true' } },
    spec: {
      replicas: site.dials.highAvailability ? 2 : 1,
      image: source.image,
      bootstrapServers: `${site.endpoints.log.host}:${site.endpoints.log.port}`,
      groupId: `${source.usecase}.${source.name}`,
      configStorageTopic: configTopic,
      offsetStorageTopic: offsetTopic,
      statusStorageTopic: statusTopic,
      tls: { trustedCertificates: [{ secretName: `${PLATFORM}-cluster-ca-cert`, certificate: 'ca.crt' }] },
      authentication: { type: 'scram-sha-512', username: name, passwordSecret: { secretName: name, password: 'password' } },
      config: {
        ...CONVERTER,
        'config.providers': 'directory',
        'config.providers.directory.class': 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
        'config.providers.directory.param.allowed.paths': `/mnt/${DATABASE}`,
        // A change is acknowledged when two zones have it.
        'producer.acks': 'all',
        'producer.enable.idempotence': 'true',
        'config.storage.replication.factor': -1,
        'offset.storage.replication.factor': -1,
        'status.storage.replication.factor': -1,
      },
      resources: {
        requests: { cpu: '500m', memory: '1Gi', 'ephemeral-storage': '256Mi' },
        limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '256Mi' },
      },
      jvmOptions: { '-Xms': '512m', '-Xmx': '512m' },
      template: {
        pod: {
          metadata: {
            labels: { ...labels, ...(site.endpoints.log.admits !== undefined && { [site.endpoints.log.admits]: 'true' }) },
          },
          ...restricted('ingestion'),
          volumes: [{ name: DATABASE, secret: { secretName: source.secret } }],
        },
        connectContainer: { ...restrictedContainer, volumeMounts: [{ name: DATABASE, mountPath: `/mnt/${DATABASE}` }] },
      },
    },
  });
  customObject(scope, `${source.name}-connector`, 'kafka.strimzi.io/v1 KafkaConnector', {
    metadata: { ...metadata, labels: { ...labels, [CLUSTER]: name } },
    spec: { class: PLUGIN, tasksMax: 1, autoRestart: { enabled: true, maxRestarts: 10 }, config: connectorConfig(source) },
  });
  network(scope, `${source.name}-network`, {
    ...named,
    owner: site.dials.owner,
    pods: { 'app.kubernetes.io/name': source.name, 'app.kubernetes.io/instance': source.usecase },
    egress: [site.endpoints.log, source.database],
  });
}

/** Debezium's own settings; `${directory:…}` is read by the connector from the mounted Secret. */
export function connectorConfig(source: ChangeSource): Readonly<Record<string, string>> {
  const { host, port, database } = source.database;
  const slot = `${source.usecase}_${source.name}`.replaceAll('-', '_');
  const secret = (key: string): string => `\${directory:/mnt/${DATABASE}:${key}}`;
  return {
    'database.hostname': host,
    'database.port': String(port),
    'database.dbname': database,
    'database.user': secret('username'),
    'database.password': secret('password'),
    'database.sslmode': 'verify-full',
    'database.sslrootcert': `/mnt/${DATABASE}/ca.crt`,
    'topic.prefix': prefixOf(source),
    'topic.heartbeat.prefix': heartbeatOf(source),
    'table.include.list': source.tables.map(({ name }) => name).join(','),
    'plugin.name': 'pgoutput',
    'publication.name': slot,
    'publication.autocreate.mode': 'filtered',
    'slot.name': slot,
    'snapshot.mode': 'initial',
    'tombstones.on.delete': 'true',
    // An idle table must not keep the database's log for ever.
    'heartbeat.interval.ms': '60000',
    'errors.tolerance': 'none',
  };
}
