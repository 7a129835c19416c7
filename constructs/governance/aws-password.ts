import { randomBytes } from 'node:crypto';
import { Secret } from '@pulumi/aws/secretsmanager/secret.js';
import { SecretVersion } from '@pulumi/aws/secretsmanager/secretVersion.js';
import { type ComponentResourceOptions, type Input, type Output, secret } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope } from '../cluster/aws-component.ts';

export interface AwsPasswordProps {
  /** Name in Secrets Manager. */
  readonly secretName: string;
  readonly description: string;
  readonly username: string;
  readonly keyArn: Input<string>;
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A password nobody chose: made on the first deployment, kept in Secrets Manager, secret wherever it passes. */
export class AwsPassword extends AwsComponent {
  readonly secretArn: Output<string>;
  /** As it is stored: a later deployment reads it, and makes no other. */
  readonly password: Output<string>;

  constructor(name: string, scope: AwsScope, props: AwsPasswordProps, options?: ComponentResourceOptions) {
    super('governance:AwsPassword', name, scope, 'sensitive', options);
    const store = new Secret(
      name,
      {
        name: props.secretName,
        description: props.description,
        kmsKeyId: props.keyArn,
        // An environment that may be destroyed may also be made again at once, under the same names.
        recoveryWindowInDays: scope.protect ? 30 : 0,
      },
      this.stateful,
    );
    const made: Credentials = { username: props.username, password: randomBytes(36).toString('base64url') };
    const version = new SecretVersion(
      name,
      { secretId: store.id, secretString: secret(JSON.stringify(made)) },
      { ...this.own, ignoreChanges: ['secretString'], additionalSecretOutputs: ['secretString'] },
    );
    this.secretArn = store.arn;
    this.password = secret(version.secretString.apply((text) => (JSON.parse(text ?? '{"password":""}') as Credentials).password));
    this.registerOutputs({ secretArn: this.secretArn });
  }
}
