import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { Instance } from '@pulumi/aws/rds/instance.js';
import { ParameterGroup } from '@pulumi/aws/rds/parameterGroup.js';
import { SubnetGroup } from '@pulumi/aws/rds/subnetGroup.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { EVERYDAY_USERS, userName } from '../../app/registry/metadata/users.ts';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from '../cluster/aws-component.ts';
import { guard } from '../cluster/aws-guard.ts';
import { trustService } from '../cluster/aws-statement.ts';
import { AwsPassword } from '../governance/aws-password.ts';
import { databaseSecret } from '../governance/credentials.ts';
import { PLATFORM } from '../site.ts';
import { RDS_AUTHORITY } from './rds-authority.ts';

export const POSTGRES_PORT = 5432;

export interface AwsPostgresProps {
  readonly vpcId: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  readonly clients: Readonly<Record<string, Input<string>>>;
  readonly keyArn: Input<string>;
  readonly secretsKeyArn: Input<string>;
  readonly logsKeyArn: Input<string>;
  readonly instanceClass: string;
  readonly storageGiB: number;
  /** Days within which an erased person must be gone from every copy. */
  readonly erasureDays: number;
  /** Major version. @default '17' */
  readonly engineMajor?: string;
}

const PART = 'registry';
const DESCRIPTION = 'The registry of models and runs';

/** What RDS keeps a backup for at most. */
const MAX_BACKUP_DAYS = 35;

/** Logs that leave the instance, and the days that they are kept: a slow statement may name a person's pseudonym. */
const EXPORTS = ['postgresql', 'upgrade'] as const;
const LOG_DAYS = 30;

/** Storage grows by itself up to so many times what was planned. */
const GROWTH = 4;

/**
 * The registry's database, which holds the subjects' wrapped keys as well: Postgres by RDS in two zones, TLS only, its owner's
 * password made and turned by RDS, a user with a password for each kind of caller.
 */
export class AwsPostgres extends AwsComponent {
  /** Host. */
  readonly endpoint: Output<string>;
  /** Where in Secrets Manager the owner's credentials are: who makes the users (database-users.ts) and the tables (layout.ts). */
  readonly ownerSecretArn: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsPostgresProps, options?: ComponentResourceOptions) {
    super('registry:AwsPostgres', name, scope, 'pii', options);
    const called = physicalName(scope, PART);
    const major = props.engineMajor ?? '17';
    const subnets = new SubnetGroup(name, { name: called, description: DESCRIPTION, subnetIds: [...props.subnetIds] }, this.own);
    const parameters = new ParameterGroup(
      name,
      {
        name: called,
        description: DESCRIPTION,
        family: `postgres${major}`,
        parameters: [
          { name: 'rds.force_ssl', value: '1' },
          { name: 'log_connections', value: '1' },
          { name: 'log_statement', value: 'ddl' },
          { name: 'log_min_duration_statement', value: '1000' },
          // A slow statement is logged without its values, which may be a person's.
          { name: 'log_parameter_max_length', value: '0' },
          { name: 'log_parameter_max_length_on_error', value: '0' },
        ],
      },
      this.own,
    );
    const groupId = guard(
      name,
      {
        name: called,
        description: DESCRIPTION,
        vpcId: props.vpcId,
        clients: props.clients,
        ports: { postgres: POSTGRES_PORT },
      },
      this.own,
    );
    const { role, managed } = this.monitor(name);
    // RDS makes the groups itself, unencrypted and kept for ever, unless they are there first.
    const logs = EXPORTS.map(
      (kind) =>
        new LogGroup(
          `${name}-${kind}`,
          { name: `/aws/rds/instance/${called}/${kind}`, kmsKeyId: props.logsKeyArn, retentionInDays: LOG_DAYS },
          this.own,
        ),
    );
    const instance = new Instance(
      name,
      {
        identifier: called,
        engine: 'postgres',
        engineVersion: major,
        instanceClass: props.instanceClass,
        dbName: PLATFORM,
        username: userName('owner'),
        manageMasterUserPassword: true,
        masterUserSecretKmsKeyId: props.secretsKeyArn,
        iamDatabaseAuthenticationEnabled: true,
        multiAz: true,
        publiclyAccessible: false,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [groupId],
        parameterGroupName: parameters.name,
        storageType: 'gp3',
        allocatedStorage: props.storageGiB,
        maxAllocatedStorage: props.storageGiB * GROWTH,
        storageEncrypted: true,
        kmsKeyId: props.keyArn,
        // A subject's key that a backup brings back brings the person back: none outlives the erasure window, nor the database.
        backupRetentionPeriod: Math.min(MAX_BACKUP_DAYS, props.erasureDays),
        deleteAutomatedBackups: true,
        skipFinalSnapshot: true,
        backupWindow: '01:00-02:00',
        maintenanceWindow: 'sun:02:30-sun:03:30',
        copyTagsToSnapshot: true,
        deletionProtection: scope.protect,
        autoMinorVersionUpgrade: true,
        caCertIdentifier: RDS_AUTHORITY,
        enabledCloudwatchLogsExports: [...EXPORTS],
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: props.keyArn,
        monitoringInterval: 60,
        monitoringRoleArn: role.arn,
        tags: { [DATA.store]: 'subject-keys' },
      },
      { ...this.stateful, dependsOn: [managed, ...logs] },
    );
    this.endpoint = instance.address;
    this.ownerSecretArn = instance.masterUserSecrets.apply(([first]) => first?.secretArn ?? '');
    for (const user of EVERYDAY_USERS) {
      const part = databaseSecret(user);
      new AwsPassword(
        part,
        scope,
        {
          secretName: physicalName(scope, part),
          description: `The registry's user ${user}`,
          username: userName(user),
          keyArn: props.secretsKeyArn,
        },
        this.own,
      );
    }
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private monitor(name: string): { readonly role: Role; readonly managed: RolePolicyAttachment } {
    const { scope, own } = this;
    const role = new Role(
      `${name}-monitor`,
      {
        name: physicalName(scope, `${PART}-monitor`),
        assumeRolePolicy: trustService('monitoring.rds.amazonaws.com', scope.accountId),
      },
      own,
    );
    const policyArn = `arn:${partitionOf(scope.region)}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`;
    return { role, managed: new RolePolicyAttachment(`${name}-monitor`, { role: role.name, policyArn }, own) };
  }
}
