import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { ParameterGroup } from '@pulumi/aws/elasticache/parameterGroup.js';
import { ReplicationGroup } from '@pulumi/aws/elasticache/replicationGroup.js';
import { SubnetGroup } from '@pulumi/aws/elasticache/subnetGroup.js';
import { User } from '@pulumi/aws/elasticache/user.js';
import { UserGroup } from '@pulumi/aws/elasticache/userGroup.js';
import { type ComponentResourceOptions, type Input, type Output, secret } from '@pulumi/pulumi';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { guard } from '../cluster/aws-guard.ts';
import { AwsPassword } from '../governance/aws-password.ts';

export const VALKEY_PORT = 6379;

/** What Valkey keeps of a node's memory for snapshots and replication, as a share. */
export const RESERVED_SHARE = 0.25;

export interface AwsElastiCacheProps {
  readonly vpcId: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  readonly clients: Readonly<Record<string, Input<string>>>;
  readonly keyArn: Input<string>;
  readonly secretsKeyArn: Input<string>;
  readonly logsKeyArn: Input<string>;
  readonly nodeType: string;
  readonly shards: number;
  /** Copies of a shard beside its primary, in other zones; at least 1. */
  readonly replicas: number;
  /** Major version. @default '8' */
  readonly engineMajor?: string;
}

/** Who connects: both by password, neither may flush or reconfigure. */
export const USERS = {
  reader: 'on ~* -@all +@read +@connection +info +cluster|slots +cluster|shards +cluster|nodes -@dangerous',
  writer:
    'on ~* -@all +@read +@write +@connection +@transaction +@scripting +info +cluster|slots +cluster|shards +cluster|nodes -@dangerous',
} as const;

export type StoreUser = keyof typeof USERS;

/** The online store: Valkey over TLS in several zones, and a named user for those who read and those who write. */
export class AwsElastiCache extends AwsComponent {
  /** Host of the primary, or of the configuration where there are shards. */
  readonly endpoint: Output<string>;
  readonly secretArns: Readonly<Record<StoreUser, Output<string>>>;

  constructor(name: string, scope: AwsScope, props: AwsElastiCacheProps, options?: ComponentResourceOptions) {
    super('features:AwsElastiCache', name, scope, 'pii', options);
    const called = physicalName(scope, 'online');
    const sharded = props.shards > 1;
    const major = props.engineMajor ?? '8';
    const { userGroupId, secretArns } = this.users(name, props);
    const subnets = new SubnetGroup(name, { name: called, subnetIds: [...props.subnetIds] }, this.own);
    // A feature that was pushed out would be served as missing, and nobody would know.
    const parameters = new ParameterGroup(
      name,
      {
        name: called,
        family: `valkey${major}`,
        parameters: [
          { name: 'maxmemory-policy', value: 'noeviction' },
          { name: 'reserved-memory-percent', value: String(RESERVED_SHARE * 100) },
          ...(sharded ? [{ name: 'cluster-enabled', value: 'yes' }] : []),
        ],
      },
      this.own,
    );
    const logs = new LogGroup(
      `${name}-logs`,
      { name: `/millrace/${scope.environment}/online`, kmsKeyId: props.logsKeyArn, retentionInDays: 365 },
      this.own,
    );
    const log = { destination: logs.name, destinationType: 'cloudwatch-logs', logFormat: 'json' };
    const groupId = guard(
      name,
      {
        name: called,
        description: 'Nodes of the online store',
        vpcId: props.vpcId,
        clients: props.clients,
        ports: { valkey: VALKEY_PORT },
      },
      this.own,
    );
    const group = new ReplicationGroup(
      name,
      {
        replicationGroupId: called,
        tags: { [DATA.store]: 'online' },
        description: 'Online features of Millrace',
        engine: 'valkey',
        engineVersion: `${major}.0`,
        nodeType: props.nodeType,
        port: VALKEY_PORT,
        ...(sharded
          ? { numNodeGroups: props.shards, replicasPerNodeGroup: props.replicas }
          : { numCacheClusters: props.replicas + 1 }),
        multiAzEnabled: true,
        automaticFailoverEnabled: true,
        atRestEncryptionEnabled: true,
        kmsKeyId: props.keyArn,
        transitEncryptionEnabled: true,
        transitEncryptionMode: 'required',
        userGroupIds: [userGroupId],
        subnetGroupName: subnets.name,
        securityGroupIds: [groupId],
        parameterGroupName: parameters.name,
        autoMinorVersionUpgrade: true,
        // Everything here can be made again from the lake; an older copy would only bring erased people back.
        snapshotRetentionLimit: 1,
        snapshotWindow: '01:00-02:00',
        maintenanceWindow: 'sun:02:30-sun:03:30',
        logDeliveryConfigurations: [
          { ...log, logType: 'engine-log' },
          { ...log, logType: 'slow-log' },
        ],
        applyImmediately: false,
      },
      this.stateful,
    );
    this.endpoint = sharded ? group.configurationEndpointAddress : group.primaryEndpointAddress;
    this.secretArns = secretArns;
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private users(name: string, { secretsKeyArn }: AwsElastiCacheProps) {
    const { scope, own } = this;
    const engine = 'valkey';
    const made = (Object.keys(USERS) as StoreUser[]).map((user) => {
      const userId = physicalName(scope, user);
      const password = new AwsPassword(
        `${name}-${user}`,
        scope,
        {
          secretName: physicalName(scope, `online-${user}`),
          description: `The online store's ${user}`,
          username: user,
          keyArn: secretsKeyArn,
        },
        own,
      );
      const account = new User(
        `${name}-${user}`,
        {
          userId,
          userName: user,
          engine,
          accessString: USERS[user],
          authenticationMode: { type: 'password', passwords: [secret(password.password)] },
        },
        own,
      );
      return { user, secretArn: password.secretArn, id: account.userId };
    });
    const group = new UserGroup(
      name,
      { userGroupId: physicalName(scope, 'online'), engine, userIds: made.map(({ id }) => id) },
      own,
    );
    const secretArns = Object.fromEntries(made.map(({ user, secretArn }) => [user, secretArn])) as Record<
      StoreUser,
      Output<string>
    >;
    return { userGroupId: group.userGroupId, secretArns };
  }
}
