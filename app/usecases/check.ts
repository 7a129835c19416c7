import { useCaseError } from './errors.ts';
import { classOf } from './manifests.ts';
import type { DatabaseSource, UseCase } from './usecase.ts';

/** Leaves room, in the 63 characters of a name or label of Kubernetes, for what is derived from it. */
export const NAME_LENGTH = 24;
const SOURCE_LENGTH = 20;
/** A label of DNS (RFC 1123) that begins with a letter, since Services and databases are named after it too. */
const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
/** The platform's own objects are called so. */
const RESERVED = 'millrace';
const TABLE = /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/;

type Named = Pick<UseCase, 'name' | 'tables' | 'sources'>;

/** What the compiler cannot see of a definition: its name, and the databases that it follows. @throws MR_USECASE_NAME, MR_USECASE_SOURCE */
export function checkUseCase(usecase: Named): void {
  const { name } = usecase;
  if (!LABEL.test(name) || name.length > NAME_LENGTH || name === RESERVED) {
    throw useCaseError('MR_USECASE_NAME', `'${name}' cannot name a use case`, {
      field: 'name',
      value: name,
      expected: `1 to ${NAME_LENGTH} lower-case letters, digits and hyphens, a letter first and no hyphen last, and not '${RESERVED}'`,
    });
  }
  const followed = usecase.sources.filter((source): source is DatabaseSource => source.kind === 'database');
  for (const [index, source] of followed.entries()) {
    const twice = followed.slice(0, index).some((other) => other.name === source.name);
    if (!LABEL.test(source.name) || source.name.length > SOURCE_LENGTH || twice)
      throw refused(
        usecase,
        'sources.name',
        source.name,
        `a label of at most ${SOURCE_LENGTH} characters that no other source has`,
      );
    checkTables(usecase, source);
  }
}

function checkTables(usecase: Named, { name, tables }: DatabaseSource): void {
  const field = `sources.${name}.tables`;
  if (tables.length === 0) throw refused(usecase, field, [], 'at least one table');
  for (const [index, { from, into }] of tables.entries()) {
    const others = tables.slice(0, index);
    if (!TABLE.test(from) || others.some((other) => other.from === from))
      throw refused(usecase, `${field}.from`, from, 'schema.table, each once');
    const table = usecase.tables.find((one) => one.name === into);
    if (table === undefined || others.some((other) => other.into === into))
      throw refused(
        usecase,
        `${field}.into`,
        into,
        `each once one of the tables ${usecase.tables.map((one) => one.name).join(', ') || '(none)'}`,
      );
    const held = classOf(table.fields);
    // Debezium writes a change as it is: what must be sealed has to come through the door.
    if (held === 'pii' || held === 'sensitive')
      throw refused(
        usecase,
        `${field}.into`,
        `${into} (${held})`,
        'a table of class public or internal; personal data comes as events',
      );
  }
}

const refused = ({ name }: Named, field: string, value: unknown, expected: string) =>
  useCaseError('MR_USECASE_SOURCE', `${name} follows a database by halves: ${field}`, { field, value, expected });
