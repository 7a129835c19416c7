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

/** What another stack stood up of this environment. */
export interface FoundationReference {
  /** True once the other stack was read and found to fit; what must not be begun before waits for it. */
  readonly fits: Output<true>;
  /** On target kubernetes the kubeconfig says it all. */
  readonly aws?: AwsGround;
}

/** @throws MR_STACK_FOUNDATION in the engine's run, once it has read the other stack */
export function readFoundation(dials: Dials, stack: string): FoundationReference {
  const told = new StackReference('foundation', { name: stack })
    .getOutput('foundation')
    .apply((outputs) => checkFoundation(dials, stack, outputs));
  const fits = told.apply(() => true as const);
  return dials.aws === undefined ? { fits } : { fits, aws: groundOf(dials, dials.aws.region, told) };
}

function groundOf({ environment, owner, costCentre }: Dials, region: string, told: Output<FoundationOutputs>): AwsGround {
  const provider = new Provider('aws', { region });
  const { accountId } = getCallerIdentityOutput({}, { provider });
  const of = (part: (aws: Static<typeof AWS>) => string | undefined): Output<string> =>
    told.apply(({ aws }) => (aws && part(aws)) ?? '');
  return {
    scope: { environment, region, accountId, tags: { owner, environment, costCentre }, protect: environment === 'prod' },
    options: { provider },
    network: {
      vpcId: of(({ vpcId }) => vpcId),
      storeSubnetIds: Array.from({ length: ZONES }, (_, zone) => of(({ storeSubnetIds }) => storeSubnetIds[zone])),
    },
    cluster: {
      name: of(({ cluster }) => cluster.name),
      endpoint: of(({ cluster }) => cluster.endpoint),
      certificateAuthority: of(({ cluster }) => cluster.certificateAuthority),
      securityGroupId: of(({ cluster }) => cluster.securityGroupId),
    },
    keys: { logs: { arn: of(({ keys }) => keys.logs) }, secrets: { arn: of(({ keys }) => keys.secrets) } },
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
