import { SingleScramSecretAssociation } from '@pulumi/aws/msk/singleScramSecretAssociation.js';
import { SecretPolicy } from '@pulumi/aws/secretsmanager/secretPolicy.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from '../cluster/aws-component.ts';
import { policyDocument } from '../cluster/aws-statement.ts';
import { AwsPassword } from '../governance/aws-password.ts';

export interface AwsLogUserProps {
  readonly clusterArn: Input<string>;
  readonly secretsKeyArn: Input<string>;
  /** What access control lists call it: `User:<username>`. */
  readonly username: string;
}

/** A name and password (SCRAM) of the event log for one workload. What it may read and write is granted apart. */
export class AwsLogUser extends AwsComponent {
  readonly secretArn: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsLogUserProps, options?: ComponentResourceOptions) {
    super('ingestion:AwsLogUser', name, scope, 'sensitive', options);
    const password = new AwsPassword(
      name,
      scope,
      {
        // MSK takes no secret of another name.
        secretName: `AmazonMSK_${physicalName(scope, props.username)}`,
        description: `The event log's user ${props.username}`,
        username: props.username,
        keyArn: props.secretsKeyArn,
      },
      this.own,
    );
    const policy = new SecretPolicy(
      name,
      {
        secretArn: password.secretArn,
        policy: policyDocument([
          {
            Sid: 'BrokersReadPassword',
            Effect: 'Allow',
            Principal: { Service: 'kafka.amazonaws.com' },
            Action: 'secretsmanager:GetSecretValue',
            Resource: password.secretArn,
            Condition: { StringEquals: { 'aws:SourceAccount': scope.accountId } },
          },
        ]),
      },
      this.own,
    );
    new SingleScramSecretAssociation(
      name,
      { clusterArn: props.clusterArn, secretArn: password.secretArn },
      { ...this.own, dependsOn: [policy] },
    );
    this.secretArn = password.secretArn;
    this.registerOutputs({ secretArn: this.secretArn });
  }
}
