import { GPU, POOL } from '../app/usecases/annotations.ts';
import { all, allContainers, any, equals, type Field, matches, not, type Predicate, pod, present, some } from './expression.ts';

const ONE_OR_MORE = /^[1-9]/;

/** A container of the pod asks for a GPU. */
export const wantsGpu: Predicate = some(allContainers, (container) =>
  any(
    matches(container.at('resources', 'limits', GPU), ONE_OR_MORE),
    matches(container.at('resources', 'requests', GPU), ONE_OR_MORE),
  ),
);

const meetsTaint = (toleration: Field): Predicate =>
  any(equals(toleration.at('key'), GPU), all(equals(toleration.at('operator'), 'Exists'), not(present(toleration.at('key')))));

/** The pod (or, in a workflow, one of its templates) may run on a tainted GPU node. */
export const toleratesGpu: Predicate = any(
  some(pod.at('tolerations'), meetsTaint),
  some(pod.at('templates'), (template) => some(template.at('tolerations'), meetsTaint)),
);

/** Nodes that others made carry no pool; there the request alone leads to the GPUs. */
const leadsToGpu = (selector: Field): Predicate => any(not(present(selector)), equals(selector, 'gpu'));

/** The pod (or one of a workflow's templates) asks for no pool but that of the GPUs. */
export const selectsGpu: Predicate = all(
  leadsToGpu(pod.at('nodeSelector', POOL)),
  any(
    not(present(pod.at('templates'))),
    some(pod.at('templates'), (template) => leadsToGpu(template.at('nodeSelector', POOL))),
  ),
);
