import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Cluster } from '@pulumi/aws/msk/cluster.js';
import { Configuration } from '@pulumi/aws/msk/configuration.js';
import { type ComponentResourceOptions, type Input, type Output, output } from '@pulumi/pulumi';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { guard } from '../cluster/aws-guard.ts';
import { offsetMinutes } from './offsets.ts';

/** MSK's listener, with TLS, and the exporters of its metrics. */
const PORTS = { iam: 9098, metrics: 11_001, 'node-metrics': 11_002 } as const;

const REPLICATION = 3;
const MIN_IN_SYNC = 2;

export interface AwsMskProps {
  readonly vpcId: Input<string>;
  /** One of each zone. */
  readonly subnetIds: readonly Input<string>[];
  /** Groups whose members may connect. */
  readonly clients: Readonly<Record<string, Input<string>>>;
  readonly keyArn: Input<string>;
  readonly logsKeyArn: Input<string>;
  /** A multiple of the zones. */
  readonly brokers: number;
  readonly instanceType: string;
  readonly storageGiB: number;
  /** Of a topic that says nothing else. */
  readonly retentionDays: number;
  /** @default '3.9.x.kraft' */
  readonly kafkaVersion?: string;
  /** Days that the brokers' logs are kept. @default 365 */
  readonly logDays?: number;
}

const SERVER_PROPERTIES = {
  'auto.create.topics.enable': 'false',
  'default.replication.factor': String(REPLICATION),
  'min.insync.replicas': String(MIN_IN_SYNC),
  'unclean.leader.election.enable': 'false',
  // Nobody is known but by IAM, whose policies decide; should another way in be opened, it leads to nothing.
  'allow.everyone.if.no.acl.found': 'false',
  'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
} as const;

/** Kafka by MSK: TLS, each principal by the identity of its pods and with its role's grants alone, three zones. */
export class AwsMsk extends AwsComponent {
  readonly arn: Output<string>;
  readonly clusterName: Output<string>;
  /** Comma-separated `host:port`, for IAM over TLS. */
  readonly bootstrapBrokers: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsMskProps, options?: ComponentResourceOptions) {
    super('ingestion:AwsMsk', name, scope, 'pii', options);
    const called = physicalName(scope, 'log');
    const version = props.kafkaVersion ?? '3.9.x.kraft';
    const logs = new LogGroup(
      `${name}-brokers`,
      { name: `/millrace/${scope.environment}/brokers`, kmsKeyId: props.logsKeyArn, retentionInDays: props.logDays ?? 365 },
      this.own,
    );
    const configuration = new Configuration(
      name,
      {
        name: called,
        kafkaVersions: [version],
        serverProperties: Object.entries({
          ...SERVER_PROPERTIES,
          'log.retention.hours': String(props.retentionDays * 24),
          'offsets.retention.minutes': String(offsetMinutes(props.retentionDays)),
        })
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      },
      this.own,
    );
    const groupId = guard(
      name,
      { name: called, description: 'Brokers of the event log', vpcId: props.vpcId, clients: props.clients, ports: PORTS },
      this.own,
    );
    const cluster = new Cluster(
      name,
      {
        clusterName: called,
        tags: { [DATA.store]: 'log' },
        kafkaVersion: version,
        numberOfBrokerNodes: props.brokers,
        brokerNodeGroupInfo: {
          azDistribution: 'DEFAULT',
          instanceType: props.instanceType,
          clientSubnets: [...props.subnetIds],
          securityGroups: [groupId],
          connectivityInfo: { publicAccess: { type: 'DISABLED' } },
          storageInfo: { ebsStorageInfo: { volumeSize: props.storageGiB } },
        },
        clientAuthentication: { sasl: { iam: true }, unauthenticated: false },
        encryptionInfo: {
          encryptionAtRestKmsKeyArn: props.keyArn,
          encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
        },
        configurationInfo: { arn: configuration.arn, revision: configuration.latestRevision },
        enhancedMonitoring: 'PER_TOPIC_PER_BROKER',
        openMonitoring: { prometheus: { jmxExporter: { enabledInBroker: true }, nodeExporter: { enabledInBroker: true } } },
        loggingInfo: { brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: logs.name } } },
      },
      this.stateful,
    );
    this.arn = cluster.arn;
    this.clusterName = output(called);
    this.bootstrapBrokers = cluster.bootstrapBrokersSaslIam;
    this.registerOutputs({ bootstrapBrokers: this.bootstrapBrokers });
  }
}
