import type { Construct } from 'constructs';
import { wholeNamespace } from '../cluster/edges.ts';
import { memberSet } from '../cluster/member-set.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { resourcesOf } from '../cluster/size.ts';
import { serverCertificate } from '../governance/certificates.ts';
import { MADE } from '../governance/credentials.ts';
import { generatedSecret } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { offsetMinutes } from './offsets.ts';

const NAMED = { name: 'kafka', layer: 'ingestion' } as const;
const CLIENTS = 9093;
const CONTROLLER = 9094;
const SCRIPT = 'kafka-start';
/** Of KRaft: names the metadata's log, and is the same for ever. */
const CLUSTER_ID = 'bWlsbHJhY2Utc2luZ2xlLQ';
const DATA = '/var/lib/kafka/data';

/** What `server.properties` holds; the password is added by the start script from its file. */
export const properties = (host: string, retentionDays: number): string =>
  [
    'process.roles=broker,controller',
    'node.id=0',
    `controller.quorum.bootstrap.servers=localhost:${CONTROLLER}`,
    'controller.listener.names=CONTROLLER',
    `listeners=TLS://:${CLIENTS},CONTROLLER://localhost:${CONTROLLER}`,
    `advertised.listeners=TLS://${host}:${CLIENTS}`,
    'listener.security.protocol.map=TLS:SASL_SSL,CONTROLLER:SSL',
    'inter.broker.listener.name=TLS',
    'sasl.enabled.mechanisms=SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=/run/secrets/${MADE.singleBrokerCertificate}/tls-combined.pem`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=/run/secrets/${MADE.singleBrokerCertificate}/ca.crt`,
    'listener.name.controller.ssl.client.auth=required',
    `log.dirs=${DATA}/log`,
    `log.retention.hours=${retentionDays * 24}`,
    `offsets.retention.minutes=${offsetMinutes(retentionDays)}`,
    'auto.create.topics.enable=false',
    'unclean.leader.election.enable=false',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    '',
  ].join('\n');

const START = `#!/bin/bash
set -euo pipefail
password=$(cat /run/secrets/${MADE.singleBroker}/password)
umask 077
cp /etc/millrace/${SCRIPT}/server.properties /tmp/server.properties
echo "listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\\"${PLATFORM}\\" password=\\"$password\\";" >> /tmp/server.properties
/opt/kafka/bin/kafka-storage.sh format --standalone --ignore-formatted --cluster-id ${CLUSTER_ID} \\
  --config /tmp/server.properties --add-scram "SCRAM-SHA-512=[name=${PLATFORM},password=$password]"
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
`;

/**
 * One broker for a laptop's cluster: TLS, no second copy of anything, and one password for all workloads, so that no access list
 * parts them. Never outside dev, as the dials say. Topics are made by `singleTopics`, never on the fly.
 */
export function singleBroker(scope: Construct, site: Site): void {
  const { kafka: plan } = site.plan.platform;
  const namespace = namespaceOf(NAMED.layer);
  const { host } = site.endpoints.log;
  generatedSecret(scope, 'kafka-password', { site, named: NAMED, name: MADE.singleBroker, holds: { grants: 'write-data' } });
  serverCertificate(scope, 'kafka-certificate', {
    site,
    named: NAMED,
    secret: MADE.singleBrokerCertificate,
    hosts: [host, 'localhost'],
    combined: true,
  });
  object(scope, 'kafka-config', 'v1 ConfigMap', {
    metadata: { name: SCRIPT, namespace, labels: labelsOf(NAMED, site.dials.owner) },
    data: { 'server.properties': properties(host, site.dials.load.retentionDays), 'start.sh': START },
  });
  memberSet(scope, 'kafka', {
    ...NAMED,
    site,
    replicas: 1,
    ports: [{ name: 'tls', port: CLIENTS }],
    disk: { size: `${plan.storagePerBroker.value}Gi`, mountPath: DATA },
    ingress: [{ from: [wholeNamespace(OPERATORS.keda)], ports: [CLIENTS] }],
    egress: [],
    pod: {
      image: IMAGES.kafka,
      command: ['/bin/bash', `/etc/millrace/${SCRIPT}/start.sh`],
      env: { LOG_DIR: '/tmp/logs', KAFKA_HEAP_OPTS: `-Xmx${Math.floor(plan.memory.value / 2)}m` },
      ports: [{ name: 'tls', containerPort: CLIENTS }],
      resources: resourcesOf(plan, '512Mi'),
      probes: {
        startupProbe: { tcpSocket: { port: 'tls' }, periodSeconds: 5, failureThreshold: 36 },
        readinessProbe: { tcpSocket: { port: 'tls' }, periodSeconds: 10, failureThreshold: 3 },
        // The process alone, by the port that only it itself uses.
        livenessProbe: {
          exec: { command: ['/bin/bash', '-c', `exec 3<>/dev/tcp/localhost/${CONTROLLER}`] },
          periodSeconds: 20,
          timeoutSeconds: 5,
          failureThreshold: 6,
        },
      },
      graceSeconds: 60,
      priority: 'ingestion',
      secrets: [MADE.singleBroker, MADE.singleBrokerCertificate],
      configs: [SCRIPT],
    },
  });
}
