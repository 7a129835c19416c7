import type { DatabaseSource, UseCase } from '../../app/usecases/usecase.ts';
import type { TurnStep } from './turn.ts';

/** Says of each database that a use case follows that a laptop cannot: change capture runs on a cluster. None where it follows none. */
export function databaseSteps({ sources }: Pick<UseCase, 'sources'>): readonly TurnStep[] {
  const followed = sources.filter((source): source is DatabaseSource => source.kind === 'database');
  if (followed.length === 0) return [];
  const lines = followed.map(({ name, tables }) => {
    const into = tables.map((table) => table.into).join(', ');
    return `${name} is followed on a cluster only (constructs/ingestion/change-capture.ts); nothing comes from it into ${into} here`;
  });
  return [{ name: 'databases', title: 'Leave the databases out', run: async () => lines.join('; ') }];
}
