import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository } from '@pulumi/aws/ecr/repository.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';

export interface AwsEcrProps {
  readonly keyArn: Input<string>;
  /** Days after which an image that lost its tag goes. @default 14 */
  readonly untaggedDays?: number;
}

/** The repository of the platform's image. A tag never moves, and every push is scanned. */
export class AwsEcr extends AwsComponent {
  /** `<registry>/<name>`, to which a digest is added. */
  readonly url: Output<string>;
  readonly arn: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsEcrProps, options?: ComponentResourceOptions) {
    super('delivery:AwsEcr', name, scope, 'internal', options);
    const repository = new Repository(
      name,
      {
        name: physicalName(scope, 'images'),
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: 'KMS', kmsKey: props.keyArn }],
        forceDelete: !scope.protect,
      },
      this.stateful,
    );
    const rule = {
      rulePriority: 1,
      description: 'Images that no tag names',
      selection: {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: props.untaggedDays ?? 14,
      },
      action: { type: 'expire' },
    };
    new LifecyclePolicy(name, { repository: repository.name, policy: JSON.stringify({ rules: [rule] }) }, this.own);
    this.url = repository.repositoryUrl;
    this.arn = repository.arn;
    this.registerOutputs({ url: this.url });
  }
}
