import { granting, holdersOf, readersOf } from '../credentials.ts';
import { accountOf, kindOf, layerOf, serving, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { missing, violation } from '../violation.ts';

export const championAlias: StackRule = {
  id: 'M04',
  name: 'registry-champion-alias',
  layer: 'registry',
  severity: 'mandatory',
  title: 'Only the gate’s identity may move the champion alias',
  control: ['SOC 2 CC8.1', 'EU AI Act Art. 14'],
  reason: 'A trainer must not promote itself.',
  remediation:
    'Leave the credentials that promote (label `millrace.dev/grants: promote`) to the delivery layer, and those that own the registry’s tables (`own-tables`) to the run that makes them; the constructs mount them there only.',
  kinds: ['kubernetes:*'],
  checkStack: (resources) => {
    const credentials = granting(resources, 'promote');
    // Where nothing is served yet and nothing trains, there is no alias to move.
    const needed = serving(resources).length > 0 || workloads(resources, 'training').length > 0;
    if (credentials.length === 0)
      return needed ? [missing(championAlias, 'a Secret that grants `promote`', 'the gate’s own credentials')] : [];
    return [...mounted(resources, credentials), ...readable(resources, credentials), ...owned(resources)];
  },
};

const mounted = (resources: readonly Resource[], credentials: readonly Resource[]): readonly Violation[] =>
  credentials.flatMap((credential) =>
    holdersOf(resources, credential)
      .filter((workload) => layerOf(workload) !== 'delivery')
      .map((workload) =>
        violation(championAlias, workload, {
          property: 'spec',
          found: `a pod of layer ${layerOf(workload)} that holds ${credential.name}`,
          expected: 'these credentials in pods of layer delivery only',
        }),
      ),
  );

/** Who owns the tables may do anything with them: it is a run that ends, never what is there day by day. */
const owned = (resources: readonly Resource[]): readonly Violation[] =>
  granting(resources, 'own-tables').flatMap((credential) =>
    holdersOf(resources, credential)
      .filter((workload) => kindOf(workload) !== 'Job' || layerOf(workload) !== 'registry')
      .map((workload) =>
        violation(championAlias, workload, {
          property: 'spec',
          found: `a ${kindOf(workload)} of layer ${layerOf(workload)} that holds ${credential.name}`,
          expected: 'these credentials in a Job of layer registry only',
        }),
      ),
  );

/** Roles through which an account of another layer may read the credentials, or use the gate's account as its own. */
function readable(resources: readonly Resource[], credentials: readonly Resource[]): readonly Violation[] {
  const gates = new Set(workloads(resources, 'delivery').map(accountOf));
  const roles = readersOf(resources, credentials).flatMap(({ role, path, accounts }) =>
    accounts
      .filter((account) => !gates.has(account))
      .map((account) =>
        violation(championAlias, role, {
          property: path,
          found: `a right of ${account} to read the credentials that promote`,
          expected: 'no such right outside of the delivery layer',
        }),
      ),
  );
  const borrowed = workloads(resources)
    .filter((workload) => layerOf(workload) !== 'delivery' && gates.has(accountOf(workload)))
    .map((workload) =>
      violation(championAlias, workload, { property: 'spec', found: accountOf(workload), expected: 'an account of its own' }),
    );
  return [...roles, ...borrowed];
}
