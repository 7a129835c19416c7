import { all, allContainers, every, present, said } from '../expression.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectRule } from '../object-rule.ts';

export const boundedResources = objectRule({
  id: 'K04',
  name: 'governance-bounded-resources',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Each container is bounded in CPU, memory and ephemeral storage',
  control: ['SRE: overload'],
  reason: 'A container without bounds takes its neighbours down with it.',
  // Kubernetes sets a request that is missing to its limit, so that a limit alone is both.
  remediation: 'Give the workload `resources`: cpu, memory and disk; a missing request is set to its limit by Kubernetes.',
  kinds: WORKLOAD_KINDS,
  object: () =>
    every(allContainers, (container) =>
      all(
        ...['cpu', 'memory', 'ephemeral-storage'].map((name) =>
          said(`a limit of ${name}`, present(container.at('resources', 'limits', name))),
        ),
      ),
    ),
});
