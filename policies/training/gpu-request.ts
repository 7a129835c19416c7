import { GPU } from '../../app/usecases/annotations.ts';
import { all, allContainers, any, every, implies, matches, present, said } from '../expression.ts';
import { selectsGpu, toleratesGpu, wantsGpu } from '../gpu.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { objectRule } from '../object-rule.ts';

const WHOLE = /^[0-9]+$/;

export const gpuRequest = objectRule({
  id: 'K09',
  name: 'training-gpu-request',
  layer: 'training',
  severity: 'mandatory',
  title: 'A GPU is asked for as a whole number in the limits, no other pool selected and the taint of its nodes tolerated',
  control: ['SRE: capacity'],
  reason: 'A pod that asks in any other way stays Pending for ever, and nobody is told.',
  remediation:
    'Set `gpus:` of the workload; it writes the limit, the toleration and, where the stack makes the nodes, their selector.',
  kinds: WORKLOAD_KINDS,
  object: () =>
    all(
      every(allContainers, (container) => {
        const [limit, request] = [container.at('resources', 'limits', GPU), container.at('resources', 'requests', GPU)];
        return said(`a whole number of ${GPU}`, implies(any(present(limit), present(request)), matches(limit, WHOLE)));
      }),
      implies(wantsGpu, said('gpu, or no pool', selectsGpu)),
      implies(wantsGpu, said(`a toleration of the taint ${GPU}`, toleratesGpu)),
    ),
});
