import { Workgroup } from '@pulumi/aws/athena/workgroup.js';
import { CatalogDatabase } from '@pulumi/aws/glue/catalogDatabase.js';
import { CatalogTable } from '@pulumi/aws/glue/catalogTable.js';
import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { tablePrefix } from './aws-table.ts';

export interface AwsWarehouseProps {
  readonly bucketName: Input<string>;
  readonly keyArn: Input<string>;
  /** A query that would read more is stopped. @default 100 */
  readonly cutoffGiB?: number;
}

/** Where people ask the lake by SQL: results are encrypted, and no query costs more than its limit. */
export class AwsWarehouse extends AwsComponent {
  readonly workgroup: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsWarehouseProps, options?: ComponentResourceOptions) {
    super('lake:AwsWarehouse', name, scope, 'pii', options);
    const group = new Workgroup(
      name,
      {
        name: physicalName(scope, 'warehouse'),
        description: 'Queries over the lake',
        state: 'ENABLED',
        forceDestroy: !scope.protect,
        configuration: {
          enforceWorkgroupConfiguration: true,
          publishCloudwatchMetricsEnabled: true,
          requesterPaysEnabled: false,
          bytesScannedCutoffPerQuery: (props.cutoffGiB ?? 100) * 2 ** 30,
          engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
          resultConfiguration: {
            outputLocation: interpolate`s3://${props.bucketName}/results/`,
            encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKeyArn: props.keyArn },
          },
        },
      },
      this.own,
    );
    this.workgroup = group.name;
    this.registerOutputs({ workgroup: this.workgroup });
  }
}

export interface AwsCatalogueProps {
  readonly usecase: string;
  /** Names of its lake tables, `<usecase>.<table>`. */
  readonly tables: readonly string[];
  readonly bucketName: Input<string>;
}

/** Lets Athena know a use case's tables. Columns are read from each table's own Delta log, so none is written here. */
export class AwsCatalogue extends AwsComponent {
  readonly database: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsCatalogueProps, options?: ComponentResourceOptions) {
    super('lake:AwsCatalogue', name, scope, 'pii', options);
    const catalogue = new CatalogDatabase(
      name,
      {
        name: physicalName(scope, props.usecase).replaceAll('-', '_'),
        description: `Lake tables of the use case ${props.usecase}`,
      },
      this.own,
    );
    for (const table of props.tables) {
      const short = table.slice(table.indexOf('.') + 1);
      const location = interpolate`s3://${props.bucketName}/${tablePrefix(table)}`;
      new CatalogTable(
        `${name}-${short}`,
        {
          databaseName: catalogue.name,
          name: short,
          tableType: 'EXTERNAL_TABLE',
          parameters: { EXTERNAL: 'TRUE', table_type: 'delta', classification: 'delta', 'spark.sql.sources.provider': 'delta' },
          storageDescriptor: {
            location,
            // A Delta table's reader ignores these, and Glue refuses a table without them.
            inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
            outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
            serDeInfo: {
              serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
              parameters: { path: location, 'serialization.format': '1' },
            },
          },
        },
        // Athena writes the columns that it found back into the table.
        { ...this.own, ignoreChanges: ['storageDescriptor.columns'] },
      );
    }
    this.database = catalogue.name;
    this.registerOutputs({ database: this.database });
  }
}
