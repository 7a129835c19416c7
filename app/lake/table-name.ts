import { lakeError } from './errors.ts';

const NAME = /^([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)$/;

/** Names DuckDB resolves by itself before a schema of ours. */
export const RESERVED: ReadonlySet<string> = new Set(['main', 'temp', 'system', 'memory', 'pg_catalog', 'information_schema']);

/** Key prefix of a table in the object store, ending with a slash: `lake/<usecase>/<table>/`. */
export function tablePrefix(table: string): string {
  const [schema, name] = tableParts(table);
  return `${LAKE_PREFIX}${schema}/${name}/`;
}

/** @throws MR_LAKE_TABLE_NAME unless it is `usecase.table`: lower-case letters, digits and underscores */
export function tableParts(table: string): readonly [schema: string, name: string] {
  const match = NAME.exec(table);
  if (match?.[1] !== undefined && match[2] !== undefined && !RESERVED.has(match[1])) return [match[1], match[2]];
  throw lakeError('MR_LAKE_TABLE_NAME', `table name '${table}' is not admitted`, {
    field: 'table',
    value: table,
    expected: `usecase.table in lower case, the use case none of ${[...RESERVED].join(', ')}`,
  });
}

/** The table whose commit log holds this key; undefined for any other object. */
export function tableOfLogKey(key: string): string | undefined {
  const match = /^lake\/([a-z][a-z0-9_]*)\/([a-z][a-z0-9_]*)\/_delta_log\//.exec(key);
  return match === null ? undefined : `${match[1]}.${match[2]}`;
}

export const LAKE_PREFIX = 'lake/';
