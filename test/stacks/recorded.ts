import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../../constructs/dials.ts';
import type { Resource } from '../../policies/rule.ts';
import { deploy as deployAll } from '../../stacks/program.ts';
import { deploy } from '../constructs/aws-account.ts';

/** Every resource that an environment's program asks for, as a policy sees them, without an engine. */
export async function record(dials: Dials, usecases: readonly UseCase[]): Promise<readonly Resource[]> {
  const registered = await deploy(() => {
    deployAll(dials, usecases);
  });
  return registered.map(({ type, name, inputs, protect }) => ({
    type,
    name,
    urn: `urn:pulumi:${dials.environment}::millrace::${type}::${name}`,
    props: inputs,
    protect,
  }));
}
