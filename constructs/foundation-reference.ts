import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import { Provider } from '@pulumi/aws/provider.js';
import { type Output, output, StackReference } from '@pulumi/pulumi';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AwsGround } from './aws.ts';
import { ZONES } from './cluster/aws-ranges.ts';
import type { Dials } from './dials.ts';
import { stackError } from './errors.ts';

const text = Type.String({ minLength: 1 });
const AWS = Type.Object({
  vpcId: text,
  /** Of the stores, one for each zone. */
  storeSubnetIds: Type.Array(text, { minItems: ZONES }),
  cluster: Type.Object({ name: text, endpoint: text, certificateAuthority: text, securityGroupId: text }),
  /** ARNs. */
  keys: Type.Object({ logs: text, secrets: text }),
});
const OUTPUTS = Type.Object({ environment: text, target: text, aws: Type.Optional(AWS) });
const shape = Compile(OUTPUTS);

/** What a foundation tells the stack that stands on it, as its output `foundation`: names and addresses, no secret. */
export type FoundationOutputs = Static<typeof OUTPUTS>;

export function foundationOutputs({ environment, target }: Dials, aws: AwsGround | undefined): Output<FoundationOutputs> {
  if (aws === undefined) return output({ environment, target });
  const { cluster } = aws;
  const { vpcId, storeSubnetIds } = aws.network;
  const keys = { logs: aws.keys.logs.arn, secrets: aws.keys.secrets.arn };
  return output({ environment, target, aws: { vpcId, storeSubnetIds: [...storeSubnetIds], cluster, keys } });
}

/**
 * What the stack that the dials name says of its foundation, read and checked before anything stands on it; undefined where
 * they name none. @throws MR_STACK_FOUNDATION
 */
export async function readFoundation(dials: Dials): Promise<FoundationOutputs | undefined> {
  if (dials.foundation === undefined) return undefined;
  const { stack } = dials.foundation;
  const { value } = await new StackReference('foundation', { name: stack }).getOutputDetails('foundation');
  return checkFoundation(dials, stack, value);
}

/** The names that a foundation told, as those of one that is made here; undefined on target kubernetes, which needs none. */
export function groundOf({ environment, owner, costCentre, aws: dial }: Dials, told: FoundationOutputs): AwsGround | undefined {
  if (told.aws === undefined || dial === undefined) return undefined;
  const { region } = dial;
  const provider = new Provider('aws', { region });
  const { accountId } = getCallerIdentityOutput({}, { provider });
  const { vpcId, storeSubnetIds, cluster, keys } = told.aws;
  return {
    scope: { environment, region, accountId, tags: { owner, environment, costCentre }, protect: environment === 'prod' },
    options: { provider },
    network: { vpcId: output(vpcId), storeSubnetIds: storeSubnetIds.map((id) => output(id)) },
    cluster: {
      name: output(cluster.name),
      endpoint: output(cluster.endpoint),
      certificateAuthority: output(cluster.certificateAuthority),
      securityGroupId: output(cluster.securityGroupId),
    },
    keys: { logs: { arn: output(keys.logs) }, secrets: { arn: output(keys.secrets) } },
  };
}

/** @throws MR_STACK_FOUNDATION where this environment cannot stand on what the stack says of itself */
export function checkFoundation({ environment, target }: Dials, stack: string, outputs: unknown): FoundationOutputs {
  const refuse = (message: string, value: unknown, expected: string) =>
    stackError('MR_STACK_FOUNDATION', message, { field: 'millrace:foundation.stack', value, expected });
  if (outputs === undefined)
    throw refuse(
      `The stack ${stack} has no output 'foundation'`,
      stack,
      'a stack that `millrace stack up --foundation` stood up',
    );
  if (!shape.Check(outputs) || (target === 'aws' && outputs.aws === undefined)) {
    const [fault] = shape.Errors(outputs);
    const at = `foundation${(fault?.instancePath ?? '/aws').replaceAll('/', '.')}`;
    throw refuse(`The output ${at} of ${stack} ${fault?.message ?? 'is missing'}`, stack, 'a foundation of this version');
  }
  for (const [what, its, ours] of [
    ['environment', outputs.environment, environment],
    ['target', outputs.target, target],
  ] as const)
    if (its !== ours) throw refuse(`${stack} is the foundation of another ${what}`, its, ours);
  return outputs;
}
