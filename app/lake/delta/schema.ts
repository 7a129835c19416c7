import { lakeError } from '../errors.ts';
import type { LakeType, TableSpec } from '../port.ts';

export type Column = TableSpec['columns'][number];

type DeltaType = string | { readonly type: string; readonly elementType?: unknown; readonly containsNull?: boolean };

interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const list = (elementType: string) => ({ type: 'array', elementType, containsNull: true });

const DELTA: Readonly<Record<LakeType, DeltaType>> = {
  string: 'string',
  long: 'long',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamp',
  binary: 'binary',
  'string[]': list('string'),
  'float[]': list('float'),
};

/** A Delta `timestamp` is an instant in UTC: a plain TIMESTAMP would be `timestamp_ntz`, a feature of later protocols. */
export const DUCKDB: Readonly<Record<LakeType, string>> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMPTZ',
  binary: 'BLOB',
  'string[]': 'VARCHAR[]',
  'float[]': 'FLOAT[]',
};

export const formatSchema = (columns: readonly Column[]): string =>
  JSON.stringify({
    type: 'struct',
    fields: columns.map((column): DeltaField => ({ ...pick(column), type: DELTA[column.type], metadata: {} })),
  });

const pick = ({ name, nullable }: Column) => ({ name, nullable });

/** @throws MR_LAKE_PROTOCOL_UNSUPPORTED for a column whose type Millrace does not hold */
export function parseSchema(schemaString: string, table: string): readonly Column[] {
  const schema = JSON.parse(schemaString) as { readonly fields: readonly DeltaField[] };
  return schema.fields.map(({ name, type, nullable }) => {
    const found = Object.entries(DELTA).find(([, delta]) => shape(delta) === shape(type));
    if (found === undefined) {
      throw lakeError('MR_LAKE_PROTOCOL_UNSUPPORTED', `table ${table}: column ${name} has the type ${JSON.stringify(type)}`, {
        field: `${table}.${name}`,
        value: type,
        expected: Object.keys(DELTA).join(', '),
      });
    }
    return { name, type: found[0] as LakeType, nullable };
  });
}

const shape = (type: DeltaType): string =>
  typeof type === 'string' ? type : `${type.type}<${JSON.stringify(type.elementType)}>`;

/**
 * The columns after `wanted` is applied to `held`: the held ones, then the new ones, which must be nullable since older
 * files lack them. The same array when nothing is new.
 * @throws MR_LAKE_SCHEMA_CONFLICT for a column gone, of another type, or required where it was not
 */
export function evolve(table: string, held: readonly Column[], wanted: readonly Column[]): readonly Column[] {
  const conflict = (name: string, value: string, expected: string) =>
    lakeError('MR_LAKE_SCHEMA_CONFLICT', `table ${table}: column ${name} is ${value}, expected ${expected}`, {
      field: `${table}.${name}`,
      value,
      expected,
    });
  const text = ({ type, nullable }: Column) => `${type}${nullable ? ', nullable' : ''}`;
  const byName = new Map(wanted.map((column) => [column.name, column]));
  for (const column of held) {
    const now = byName.get(column.name);
    if (now === undefined) throw conflict(column.name, 'left out', text(column));
    if (text(now) !== text(column)) throw conflict(column.name, text(now), text(column));
  }
  const names = new Set(held.map((column) => column.name));
  const added = wanted.filter((column) => !names.has(column.name));
  const required = added.find((column) => !column.nullable);
  if (required !== undefined) throw conflict(required.name, `${text(required)} and new`, `${required.type}, nullable`);
  return added.length === 0 ? held : [...held, ...added];
}
