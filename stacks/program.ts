import type { Output } from '@pulumi/pulumi';
import type { UseCase } from '../app/usecases/usecase.ts';
import type { CapacityPlan, MonthlyCost } from '../constructs/capacity.ts';
import type { Dials } from '../constructs/dials.ts';
import { foundation, makeFoundation } from '../constructs/foundation.ts';
import { type FoundationOutputs, foundationOutputs } from '../constructs/foundation-reference.ts';
import { platform } from '../constructs/platform.ts';
import { hostOf } from '../constructs/serving/gateway.ts';
import { useCase } from '../constructs/use-case.ts';

export interface Outputs {
  readonly capacity: CapacityPlan;
  readonly monthlyCost: Pick<MonthlyCost, 'low' | 'high' | 'currency'>;
  /** Where each use case answers. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** An environment: foundation, platform, then each use case. `told` is what another stack's foundation said, where it has one. */
export function deploy(dials: Dials, usecases: readonly UseCase[], told?: FoundationOutputs): Outputs {
  const ground = platform(foundation(dials, usecases, told));
  for (const definition of usecases) useCase(ground, definition);
  const { plan } = ground.environment.site;
  const { low, high, currency } = plan.platform.monthlyCost;
  return {
    capacity: plan,
    monthlyCost: { low, high, currency },
    endpoints: Object.fromEntries(usecases.map(({ name }) => [name, `https://${hostOf(dials, { name })}`])),
  };
}

/** The ground of an environment alone, in a stack of its own: its output is what `millrace:foundation` reads. */
export function deployFoundation(dials: Dials, usecases: readonly UseCase[]): { readonly foundation: Output<FoundationOutputs> } {
  const { aws } = makeFoundation(dials, usecases);
  return { foundation: foundationOutputs(dials, aws) };
}
