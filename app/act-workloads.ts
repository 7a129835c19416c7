import { erasurePrefix, startedPrefix } from './governance/erasure-objects.ts';
import type { UseCase } from './usecases/usecase.ts';
import type { Access, WorkloadDeclaration } from './workloads.ts';

const METADATA: Access = { store: 'metadata' };
const KEYS: Access = { store: 'keys' };
const AUDIT: Access = { store: 'audit' };

/** What people do on a cluster for one use case: each act has the rights that it needs, and whoever starts it has none of them. */
export function actsOf(usecase: UseCase): readonly WorkloadDeclaration[] {
  const { name: own, model, events, views } = usecase;
  const table = (name: string): Access => ({ store: 'lake', table: `${own}.${name}` });
  const personal = events.filter(({ fields }) => Object.values(fields).some(({ subject }) => subject === true));
  const learnt = views.filter(({ kind }) => kind === 'embedding');
  const erasures: Access = { store: 'objects', prefix: erasurePrefix(usecase) };
  return [
    {
      name: 'erase',
      layer: 'governance',
      kind: 'job',
      command: ['governance', 'erase'],
      byPerson: true,
      // The report counts what has become unreadable.
      reads: [
        ...personal.flatMap(({ name }) => [table(name), table(`${name}_quarantine`)]),
        table('prediction'),
        ...learnt.map(({ name }) => table(name)),
        erasures,
        KEYS,
      ],
      writes: [...views.map(({ name }): Access => ({ store: 'online', view: `${own}.${name}` })), erasures, KEYS, AUDIT],
      deletes: [{ store: 'objects', prefix: startedPrefix(usecase) }],
    },
    {
      name: 'decide',
      layer: 'delivery',
      kind: 'job',
      command: ['registry'],
      byPerson: true,
      // Nothing is promoted or brought back whose every byte was not checked.
      reads: [{ store: 'objects', prefix: `releases/${model.name}/` }, METADATA, KEYS],
      writes: [METADATA, AUDIT],
    },
  ];
}
