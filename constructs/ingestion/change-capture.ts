import type { Construct } from 'constructs';
import { USECASE, WORKLOAD } from '../../app/usecases/annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { network, pods, reaching, wholeNamespace } from '../cluster/edges.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { MADE } from '../governance/credentials.ts';
import { copiedSecret } from '../governance/secrets.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { type Endpoint, namespaceOf, PLATFORM, type Site } from '../site.ts';
import {
  type ChangeSource,
  changeSourcesOf,
  changeTopicNames,
  connectGroup,
  connectName,
  connectorDeclaration,
  heartbeatPrefix,
  topicPrefix,
} from './change-sources.ts';
import { CLUSTER } from './names.ts';
import { restricted, restrictedContainer } from './strimzi-pod.ts';
import { principal } from './users.ts';

const PLUGIN = 'io.debezium.connector.postgresql.PostgresConnector';
const DATABASE = 'database';
/** Connect's own API: its workers hand requests to their leader, the operator keeps the connector. */
const REST = 8083;
const CONVERTER = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter.schemas.enable': 'false',
} as const;

/**
 * Follows the databases that a use case declares into the log with Debezium: a snapshot, then every change from the write-ahead
 * log, in order by key. A use case that declares none gets nothing. @throws MR_STACK_DATABASE
 */
export function changeCapture(scope: Construct, site: Site, usecase: UseCase): void {
  for (const source of changeSourcesOf(site, usecase)) {
    const declaration = connectorDeclaration(source);
    // On MSK the connector is its pods' identity (aws-usecase.ts); a single broker has one principal for all.
    if (site.dials.providers.log === 'strimzi') principal(scope, site, usecase.name, declaration);
    connect(scope, site, source);
  }
}

/** Connect for one source: its passwords come from mounted files; the log's are those of its own principal. */
function connect(scope: Construct, site: Site, source: ChangeSource): void {
  const name = connectName(source);
  const named = { name: source.name, layer: 'ingestion', usecase: source.usecase } as const;
  const labels = labelsOf(named, site.dials.owner);
  const metadata = { name, namespace: namespaceOf('ingestion'), labels };
  const [configTopic, offsetTopic, statusTopic] = changeTopicNames(source).state;
  const { log } = site.endpoints;
  copiedSecret(scope, `${source.name}-login`, named, site.dials.owner, source.login);
  customObject(scope, `${source.name}-connect`, 'kafka.strimzi.io/v1 KafkaConnect', {
    metadata: { ...metadata, annotations: { 'strimzi.io/use-connector-resources': 'true' } },
    spec: {
      replicas: site.dials.highAvailability ? 2 : 1,
      image: source.image,
      bootstrapServers: log.address ?? `${log.host}:${log.port}`,
      groupId: connectGroup(source),
      configStorageTopic: configTopic,
      offsetStorageTopic: offsetTopic,
      statusStorageTopic: statusTopic,
      ...logLogin(site, name),
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
          metadata: { labels: { ...labels, ...reaching([log]) } },
          ...restricted(site, 'ingestion'),
          volumes: [{ name: DATABASE, secret: { secretName: source.login.secret } }],
        },
        connectContainer: { ...restrictedContainer, volumeMounts: [{ name: DATABASE, mountPath: `/mnt/${DATABASE}` }] },
      },
    },
  });
  customObject(scope, `${source.name}-connector`, 'kafka.strimzi.io/v1 KafkaConnector', {
    metadata: { ...metadata, labels: { ...labels, [CLUSTER]: name } },
    spec: { class: PLUGIN, tasksMax: 1, autoRestart: { enabled: true, maxRestarts: 10 }, config: connectorConfig(source) },
  });
  edges(scope, site, source);
}

/** How Connect shows who it is, and what it knows the brokers by. */
function logLogin({ dials }: Site, name: string): Readonly<Record<string, unknown>> {
  const scram = (authority: string, username: string, secretName: string) => ({
    tls: { trustedCertificates: [{ secretName: authority, certificate: 'ca.crt' }] },
    authentication: { type: 'scram-sha-512', username, passwordSecret: { secretName, password: 'password' } },
  });
  switch (dials.providers.log) {
    case 'strimzi':
      return scram(MADE.brokerCertificates, name, name);
    case 'single':
      return scram(MADE.singleBrokerCertificate, PLATFORM, MADE.singleBroker);
    case 'msk':
      return {
        // Amazon's authorities, which every Java knows.
        tls: { trustedCertificates: [] },
        authentication: {
          type: 'custom',
          sasl: true,
          config: {
            'sasl.mechanism': 'AWS_MSK_IAM',
            'sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
            'sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
          },
        },
      };
  }
}

function edges(scope: Construct, site: Site, source: ChangeSource): void {
  const mine = { [USECASE]: source.usecase, [WORKLOAD]: source.name };
  const namespace = namespaceOf('ingestion');
  const workers: Endpoint = {
    name: 'connect-peers',
    host: '',
    port: REST,
    pods: { namespace, labels: mine },
    // This very policy lets them in.
    admits: WORKLOAD,
  };
  const { log, identity } = site.endpoints;
  network(scope, `${source.name}-network`, {
    name: source.name,
    layer: 'ingestion',
    usecase: source.usecase,
    owner: site.dials.owner,
    pods: mine,
    ingress: [{ from: [pods(namespace, mine), wholeNamespace(OPERATORS.strimzi)], ports: [REST] }],
    egress: [log, source.database, workers, ...(identity === undefined ? [] : [identity])],
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
    'topic.prefix': topicPrefix(source),
    'topic.heartbeat.prefix': heartbeatPrefix(source),
    'table.include.list': source.tables.map(({ name }) => name).join(','),
    'plugin.name': 'pgoutput',
    'publication.name': slot,
    // Who owns the tables says what is published: a connector that could would have to own them too.
    'publication.autocreate.mode': 'disabled',
    'slot.name': slot,
    'snapshot.mode': 'initial',
    'tombstones.on.delete': 'true',
    // An idle table must not keep the database's log for ever.
    'heartbeat.interval.ms': '60000',
    'errors.tolerance': 'none',
  };
}
