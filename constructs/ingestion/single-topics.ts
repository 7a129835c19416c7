import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { network } from '../cluster/edges.ts';
import { podTemplate, serviceAccountOf } from '../cluster/pod.ts';
import { declaredAnnotations } from '../cluster/workload.ts';
import { credentialsOf } from '../governance/credentials.ts';
import { copiedSecret } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { type Topic, topicsFor } from './topics.ts';

const DEADLINE_SECONDS = 1_200;
const RETRIES = 6;

/** `name partitions replicas key=value,key=value`, a line a topic: what the script below reads. */
export const topicLines = (topics: readonly Topic[]): string =>
  topics
    .map(({ name, partitions, replicas, config }) => {
      const settings = Object.entries(config).map(([key, value]) => `${key}=${value}`);
      return `${name} ${partitions} ${replicas} ${settings.sort().join(',')}\n`;
    })
    .join('');

/**
 * Makes each topic that is not there, and gives those that are their settings and the partitions that they lack; run twice, it
 * does nothing. Arguments: the broker, the list, the folder with `password` and `ca.crt`, the folder of Kafka's own tools, the user.
 */
export const MAKE_TOPICS = `#!/bin/bash
set -euo pipefail
broker=$1 list=$2 secret=$3 tools=$4 user=$5
umask 077
client=$(mktemp)
{
  echo 'security.protocol=SASL_SSL'
  echo 'sasl.mechanism=SCRAM-SHA-512'
  echo "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\\"$user\\" password=\\"$(cat "$secret/password")\\";"
  echo 'ssl.truststore.type=PEM'
  echo "ssl.truststore.location=$secret/ca.crt"
} > "$client"
topics() { "$tools/kafka-topics.sh" --bootstrap-server "$broker" --command-config "$client" "$@"; }
while read -r -u 3 name partitions replicas settings; do
  topics --create --if-not-exists --topic "$name" --partitions "$partitions" --replication-factor "$replicas"
  "$tools/kafka-configs.sh" --bootstrap-server "$broker" --command-config "$client" \\
    --alter --entity-type topics --entity-name "$name" --add-config "$settings"
  [[ $(topics --describe --topic "$name") =~ PartitionCount:[[:space:]]*([0-9]+) ]]
  if (( BASH_REMATCH[1] < partitions )); then topics --alter --topic "$name" --partitions "$partitions"; fi
done 3< "$list"
`;

/**
 * A use case's topics on a single broker, which no operator looks after: a run of Kafka's own tools, made anew when the list
 * changes. A topic that leaves the list stays until the broker's disk goes.
 */
export function singleTopics(scope: Construct, site: Site, usecase: UseCase): void {
  const topics = topicsFor(site, usecase);
  const declaration: WorkloadDeclaration = {
    name: 'topics',
    layer: 'ingestion',
    kind: 'job',
    command: [],
    reads: [],
    writes: topics.map(({ name }) => ({ store: 'log', topic: name })),
  };
  const named = { name: declaration.name, layer: declaration.layer, usecase: usecase.name } as const;
  const owner = site.dials.owner;
  const metadata = { name: serviceAccountOf(named), namespace: namespaceOf(named.layer), labels: labelsOf(named, owner) };
  const list = topicLines(topics);
  const hash = createHash('sha256').update(MAKE_TOPICS).update(list).digest('hex').slice(0, 10);
  const [credential] = credentialsOf(site, usecase.name, declaration);
  if (credential === undefined) throw new RangeError('a single broker has a password');
  const { log } = site.endpoints;
  const config = `${metadata.name}-list`;
  object(scope, 'topics-account', 'v1 ServiceAccount', { metadata, automountServiceAccountToken: false });
  object(scope, 'topics-list', 'v1 ConfigMap', {
    metadata: { ...metadata, name: config, labels: { ...metadata.labels, [DATA.manifest]: 'topic-list' } },
    data: { topics: list, 'make.sh': MAKE_TOPICS },
  });
  copiedSecret(scope, 'topics-secret', named, owner, credential);
  network(scope, 'topics-network', { ...named, owner, egress: [log] });
  object(scope, 'topics-run', 'batch/v1 Job', {
    metadata: { ...metadata, name: `${metadata.name}-${hash}`, annotations: { ...declaredAnnotations(undefined, declaration) } },
    spec: {
      backoffLimit: RETRIES,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      template: podTemplate({
        ...named,
        owner,
        nodes: site.dials.providers.nodes,
        image: IMAGES.kafka,
        command: ['/bin/bash', `/etc/millrace/${config}/make.sh`],
        args: [
          `${log.host}:${log.port}`,
          `/etc/millrace/${config}/topics`,
          `/run/secrets/${credential.secret}`,
          '/opt/kafka/bin',
          PLATFORM,
        ],
        env: { LOG_DIR: '/tmp/logs', KAFKA_HEAP_OPTS: '-Xmx192m' },
        resources: { cpu: '500m', memory: '384Mi' },
        priority: 'ingestion',
        restart: 'Never',
        secrets: [credential.secret],
        configs: [config],
      }),
    },
  });
}
