import { CatalogDatabase } from '@pulumi/aws/glue/catalogDatabase.js';
import { CatalogTable } from '@pulumi/aws/glue/catalogTable.js';
import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { DataClass } from '../../app/usecases/field.ts';
import { classOf, piiFieldsOf } from '../../app/usecases/manifests.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { tablePrefix } from './aws-table.ts';

export interface AwsCatalogueProps {
  readonly usecase: UseCase;
  readonly bucketName: Input<string>;
}

/** Lets Athena know a use case's tables. Columns are read from each table's own Delta log, so none is written here. */
export class AwsCatalogue extends AwsComponent {
  readonly database: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsCatalogueProps, options?: ComponentResourceOptions) {
    super('lake:AwsCatalogue', name, scope, 'pii', options);
    const { usecase } = props;
    const catalogue = new CatalogDatabase(
      name,
      {
        name: physicalName(scope, usecase.name).replaceAll('-', '_'),
        description: `Lake tables of the use case ${usecase.name}`,
      },
      this.own,
    );
    for (const { name: short, dataClass, piiFields } of tablesOf(usecase)) {
      const location = interpolate`s3://${props.bucketName}/${tablePrefix(`${usecase.name}.${short}`)}`;
      new CatalogTable(
        `${name}-${short}`,
        {
          databaseName: catalogue.name,
          name: short,
          tableType: 'EXTERNAL_TABLE',
          parameters: {
            EXTERNAL: 'TRUE',
            classification: 'delta',
            table_type: 'delta',
            'spark.sql.sources.provider': 'delta',
            [DATA.dataClass]: dataClass,
            [DATA.piiFields]: piiFields,
            ...(dataClass === 'pii' || dataClass === 'sensitive' ? { [DATA.keyRef]: 'Key/subjects' } : {}),
          },
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

interface LakeTable {
  /** Without the use case. */
  readonly name: string;
  readonly dataClass: DataClass;
  /** Sorted, joined by commas. */
  readonly piiFields: string;
}

/** Every lake table of a use case, with the class of its rows. */
function tablesOf({ events, tables, views }: UseCase): readonly LakeTable[] {
  const rows = events.flatMap(({ name, fields }) => {
    const held = { dataClass: classOf(fields), piiFields: piiFieldsOf(fields) };
    return [
      { ...held, name },
      { ...held, name: `${name}_quarantine` },
    ];
  });
  const catalogue = tables.map(({ name, fields }) => ({ name, dataClass: classOf(fields), piiFields: piiFieldsOf(fields) }));
  // A vector says much of the person it was learnt from.
  const vectors = views.flatMap((view): LakeTable[] =>
    view.kind === 'embedding'
      ? [{ name: view.name, dataClass: 'pii', piiFields: [view.entity.joinKey, 'vector'].sort().join(',') }]
      : [],
  );
  return [...rows, ...catalogue, { name: 'prediction', dataClass: 'pii', piiFields: 'user_id' }, ...vectors];
}
