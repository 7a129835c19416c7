import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { Instance } from '@pulumi/aws/rds/instance.js';
import { ParameterGroup } from '@pulumi/aws/rds/parameterGroup.js';
import { SubnetGroup } from '@pulumi/aws/rds/subnetGroup.js';
import { type ComponentResourceOptions, type Input, type Output, secret } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, partitionOf, physicalName } from '../cluster/aws-component.ts';
import { guard } from '../cluster/aws-guard.ts';
import { trustService } from '../cluster/aws-statement.ts';
import type { HeldClass } from '../cluster/aws-tags.ts';

export const POSTGRES_PORT = 5432;

/** Database and its owner; workloads connect as users of their own. */
export const DATABASE = 'millrace';

export interface AwsPostgresProps {
  /** Part of its name. */
  readonly part: string;
  readonly description: string;
  readonly holds: HeldClass;
  readonly vpcId: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  readonly clients: Readonly<Record<string, Input<string>>>;
  readonly keyArn: Input<string>;
  readonly secretsKeyArn: Input<string>;
  readonly instanceClass: string;
  readonly storageGiB: number;
  /** Days that a backup is kept, 1 to 35. */
  readonly backupDays: number;
  /** Whether a last snapshot stays when the database goes. Never for what must be forgotten. */
  readonly lastSnapshot: boolean;
  /** More tags, e.g. what the policies know the store by. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Major version. @default '17' */
  readonly engineMajor?: string;
}

/** Storage grows by itself up to so many times what was planned. */
const GROWTH = 4;

/** Postgres by RDS in two zones: TLS only, identities in place of passwords, its owner's password made and turned by RDS. */
export class AwsPostgres extends AwsComponent {
  /** Host. */
  readonly endpoint: Output<string>;
  /** What `rds-db:connect` is granted on. */
  readonly resourceId: Output<string>;
  /** The owner's credentials in Secrets Manager. */
  readonly secretArn: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsPostgresProps, options?: ComponentResourceOptions) {
    super('registry:AwsPostgres', name, scope, props.holds, options);
    const called = physicalName(scope, props.part);
    const major = props.engineMajor ?? '17';
    const subnets = new SubnetGroup(
      name,
      { name: called, description: props.description, subnetIds: [...props.subnetIds] },
      this.own,
    );
    const parameters = new ParameterGroup(
      name,
      {
        name: called,
        description: props.description,
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
        description: props.description,
        vpcId: props.vpcId,
        clients: props.clients,
        ports: { postgres: POSTGRES_PORT },
      },
      this.own,
    );
    const { role, managed } = this.monitor(name, props.part);
    const keepsLast = scope.protect && props.lastSnapshot;
    const instance = new Instance(
      name,
      {
        identifier: called,
        engine: 'postgres',
        engineVersion: major,
        instanceClass: props.instanceClass,
        dbName: DATABASE,
        username: DATABASE,
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
        backupRetentionPeriod: props.backupDays,
        backupWindow: '01:00-02:00',
        maintenanceWindow: 'sun:02:30-sun:03:30',
        copyTagsToSnapshot: true,
        deleteAutomatedBackups: !keepsLast,
        deletionProtection: scope.protect,
        skipFinalSnapshot: !keepsLast,
        ...(keepsLast ? { finalSnapshotIdentifier: `${called}-last` } : {}),
        autoMinorVersionUpgrade: true,
        caCertIdentifier: 'rds-ca-rsa2048-g1',
        enabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: props.keyArn,
        monitoringInterval: 60,
        monitoringRoleArn: role.arn,
        ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      },
      { ...this.stateful, dependsOn: [managed] },
    );
    this.endpoint = instance.address;
    this.resourceId = instance.resourceId;
    this.secretArn = secret(instance.masterUserSecrets.apply(([first]) => first?.secretArn ?? ''));
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private monitor(name: string, part: string): { readonly role: Role; readonly managed: RolePolicyAttachment } {
    const { scope, own } = this;
    const role = new Role(
      `${name}-monitor`,
      {
        name: physicalName(scope, `${part}-monitor`),
        assumeRolePolicy: trustService('monitoring.rds.amazonaws.com', scope.accountId),
      },
      own,
    );
    const policyArn = `arn:${partitionOf(scope.region)}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`;
    return { role, managed: new RolePolicyAttachment(`${name}-monitor`, { role: role.name, policyArn }, own) };
  }
}
