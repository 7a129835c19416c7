import { canonicalJson } from '../canonical.ts';
import { sha256 } from '../registry/digest.ts';
import type { Fields } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** SHA-256 (hex) of what events and tables look like: names, types, nullability, sets, ranges and classes of their fields. */
export function schemaHash(usecase: Pick<UseCase, 'events' | 'tables'>): string {
  const fieldsOf = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => {
        const { type, nullable, class: dataClass, subject, values, range } = field;
        return [name, { type, nullable, dataClass, subject, values, range }];
      }),
    );
  const events = usecase.events.map(({ name, id, time, key, fields }) => ({ name, id, time, key, fields: fieldsOf(fields) }));
  const tables = usecase.tables.map(({ name, key, fields }) => ({ name, key, fields: fieldsOf(fields) }));
  return sha256(canonicalJson({ events, tables }));
}
