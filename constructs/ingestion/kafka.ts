import type { Construct } from 'constructs';
import { LAYER } from '../../app/usecases/annotations.ts';
import type { Compute } from '../capacity.ts';
import { admitted, network, wholeNamespace } from '../cluster/edges.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { CLUSTER } from './names.ts';
import { offsetMinutes } from './offsets.ts';
import { ownsDisks, restricted, restrictedContainer, spread } from './strimzi-pod.ts';

const NAMED = { name: 'kafka', layer: 'ingestion' } as const;
/**
 * Strimzi's pods are given the layer's label, and their network is opened by it: judges of manifests take a policy that selects
 * an operator's pods alone for one that selects none. The layer's other pods gain a way to the API server, where they have
 * no token, and to the brokers' inner ports, which Strimzi's own policies close to them.
 */
const OURS = { [LAYER]: NAMED.layer } as const;
/** What Strimzi itself labels all pods of this Kafka with, and no others. */
const MEMBERS = { [CLUSTER]: PLATFORM } as const;
/** Between brokers and controllers: control plane, replication, the operators' agent. */
const BETWEEN = [9090, 9091, 8443] as const;
const CLIENTS = 9093;
/** A controller keeps metadata only. */
const CONTROLLER = { cpu: '250m', memory: '1Gi', disk: '10Gi' } as const;
/** Years that authorities last, and days before their end that they are renewed. */
const AUTHORITY = { generateCertificateAuthority: true, validityDays: 730, renewalDays: 60 } as const;

/** The event log: a Kafka by Strimzi with brokers and controllers apart, TLS on its one listener, each principal by name. */
export function kafka(scope: Construct, site: Site): void {
  const { kafka: plan } = site.plan.platform;
  const metadata = (name: string) => ({
    name,
    namespace: namespaceOf(NAMED.layer),
    labels: { ...labelsOf({ ...NAMED, name: `kafka-${name}` }, site.dials.owner), ...MEMBERS },
  });
  customObject(scope, 'kafka', 'kafka.strimzi.io/v1 Kafka', {
    metadata: { ...metadata(PLATFORM), labels: labelsOf(NAMED, site.dials.owner) },
    spec: {
      kafka: {
        listeners: [
          {
            name: 'tls',
            port: CLIENTS,
            type: 'internal',
            tls: true,
            authentication: { type: 'scram-sha-512' },
            // Strimzi makes the policy of it. Those who declare the log carry the label; lag is read by KEDA for all.
            networkPolicyPeers: [...callers(site), wholeNamespace(OPERATORS.keda)],
          },
        ],
        authorization: { type: 'simple' },
        rack: { topologyKey: 'topology.kubernetes.io/zone' },
        config: {
          'auto.create.topics.enable': 'false',
          'unclean.leader.election.enable': 'false',
          'default.replication.factor': plan.replication.value,
          'min.insync.replicas': plan.minInSync.value,
          'offsets.topic.replication.factor': plan.replication.value,
          'transaction.state.log.replication.factor': plan.replication.value,
          'transaction.state.log.min.isr': plan.minInSync.value,
          'log.retention.hours': site.dials.load.retentionDays * 24,
          'offsets.retention.minutes': offsetMinutes(site.dials.load.retentionDays),
          'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
        },
        metricsConfig: { type: 'strimziMetricsReporter', values: { allowList: ['kafka_.*'] } },
      },
      entityOperator: {
        topicOperator: { resources: agent('256Mi') },
        userOperator: { resources: agent('256Mi') },
        template: {
          pod: { metadata: { labels: OURS }, ...restricted(site, 'ingestion') },
          topicOperatorContainer: restrictedContainer,
          userOperatorContainer: restrictedContainer,
        },
      },
      clusterCa: AUTHORITY,
      clientsCa: AUTHORITY,
    },
  });
  nodePool(scope, site, {
    role: 'broker',
    replicas: plan.brokers.value,
    disk: `${plan.storagePerBroker.value}Gi`,
    ...amounts(plan),
    metadata: metadata('broker'),
  });
  nodePool(scope, site, {
    role: 'controller',
    replicas: plan.controllers.value,
    ...CONTROLLER,
    heap: '512m',
    metadata: metadata('controller'),
  });
  edges(scope, site);
}

const agent = (memory: string) => ({
  requests: { cpu: '100m', memory, 'ephemeral-storage': '64Mi' },
  limits: { cpu: '500m', memory, 'ephemeral-storage': '128Mi' },
});

/** Half of a broker's memory is heap at most: the page cache serves the readers that keep up. */
const amounts = ({ cpu, memory }: Compute) => ({
  cpu: `${cpu.value}m`,
  memory: `${memory.value}Mi`,
  heap: `${Math.min(6_144, Math.floor(memory.value / 2))}m`,
});

interface NodePoolProps {
  readonly role: 'broker' | 'controller';
  readonly replicas: number;
  readonly cpu: string;
  readonly memory: string;
  readonly heap: string;
  readonly disk: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
}

function nodePool(scope: Construct, site: Site, props: NodePoolProps): void {
  const { dials } = site;
  const { role, replicas, cpu, memory, heap, disk, metadata } = props;
  const amount = { cpu, memory, 'ephemeral-storage': '256Mi' };
  customObject(scope, `kafka-${role}`, 'kafka.strimzi.io/v1 KafkaNodePool', {
    metadata,
    spec: {
      replicas,
      roles: [role],
      resources: { requests: amount, limits: amount },
      jvmOptions: { '-Xms': heap, '-Xmx': heap },
      storage: {
        type: 'jbod',
        volumes: [
          {
            id: 0,
            type: 'persistent-claim',
            size: disk,
            // A pool that is deleted by mistake keeps its events.
            deleteClaim: false,
            kraftMetadata: 'shared',
            ...(dials.storageClass !== undefined && { class: dials.storageClass }),
          },
        ],
      },
      template: {
        pod: {
          metadata: { labels: OURS },
          ...restricted(site, 'ingestion'),
          ...spread(site, { 'strimzi.io/pool-name': metadata.name }),
          securityContext: ownsDisks,
        },
        kafkaContainer: restrictedContainer,
        initContainer: restrictedContainer,
      },
    },
  });
}

const callers = ({ endpoints: { log } }: Site) => (log.admits === undefined ? [] : [admitted(log.admits)]);

/**
 * What leaves the event log's pods: members reach each other; their init containers and the entity operator ask the API server.
 * What reaches them is Strimzi's own policy, from the peers of the listener.
 */
function edges(scope: Construct, site: Site): void {
  network(scope, 'kafka-network', {
    ...NAMED,
    owner: site.dials.owner,
    pods: OURS,
    egress: [
      {
        name: 'kafka-peers',
        host: '',
        port: CLIENTS,
        morePorts: [...BETWEEN],
        pods: { namespace: namespaceOf(NAMED.layer), labels: MEMBERS },
        admits: CLUSTER,
      },
      site.endpoints.controlPlane,
    ],
  });
}
