import { Workgroup } from '@pulumi/aws/athena/workgroup.js';
import { type ComponentResourceOptions, type Input, interpolate, type Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';

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
