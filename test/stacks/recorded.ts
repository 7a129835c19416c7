import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../../constructs/dials.ts';
import { readFoundation } from '../../constructs/foundation-reference.ts';
import type { Resource } from '../../policies/rule.ts';
import { deploy as deployAll, deployFoundation } from '../../stacks/program.ts';
import { deploy } from '../constructs/aws-account.ts';

/** Every resource that an environment's program asks for, as a policy sees them, without an engine. */
export const record = async (
  dials: Dials,
  usecases: readonly UseCase[],
  stacks: Parameters<typeof deploy>[1] = {},
): Promise<readonly Resource[]> =>
  asJudged(dials, await deploy(async () => void deployAll(dials, usecases, await readFoundation(dials)), stacks));

/** The same of the environment's foundation in a stack of its own, and what that stack tells others. */
export async function recordFoundation(dials: Dials, usecases: readonly UseCase[]) {
  let told: unknown;
  const registered = await deploy(() => {
    deployFoundation(dials, usecases).foundation.apply((foundation) => {
      told = foundation;
    });
  });
  return { resources: asJudged(dials, registered), outputs: { foundation: told } };
}

const asJudged = (dials: Dials, registered: Awaited<ReturnType<typeof deploy>>): readonly Resource[] =>
  registered.map(({ type, name, inputs, protect }) => ({
    type,
    name,
    urn: `urn:pulumi:${dials.environment}::millrace::${type}::${name}`,
    props: inputs,
    protect,
  }));
