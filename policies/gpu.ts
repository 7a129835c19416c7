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

/** The pod (or one of a workflow's templates) runs on no other nodes. */
export const selectsGpu: Predicate = any(
  equals(pod.at('nodeSelector', POOL), 'gpu'),
  some(pod.at('templates'), (template) => equals(template.at('nodeSelector', POOL), 'gpu')),
);
