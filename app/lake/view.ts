import type { DataFile } from './data-files.ts';
import { type Column, DUCKDB } from './delta/schema.ts';
import type { TableState } from './delta/state.ts';
import { identifier, literal } from './engine.ts';
import { tableParts, tablePrefix } from './table-name.ts';

/** Object keys of the active files, in the order they were committed. */
export function fileKeys(state: TableState): readonly string[] {
  const prefix = tablePrefix(state.table);
  return [...state.files.keys()].map((path) => prefix + decodeURIComponent(path));
}

/** The same, with their sizes as committed. */
export function dataFiles(state: TableState): readonly DataFile[] {
  const sizes = [...state.files.values()];
  return fileKeys(state).map((key, index) => ({ key, bytes: sizes[index]?.size }));
}

/**
 * SELECT over the given files with the table's columns. A file older than a column has null there: the columns are given
 * to DuckDB, so it need not open every file to learn them.
 */
export function scan(columns: readonly Column[], locations: readonly string[]): string {
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  if (locations.length === 0) {
    const nulls = columns.map(({ name, type }) => `cast(null as ${DUCKDB[type]}) as ${identifier(name)}`);
    return `select ${nulls.join(', ')} where false`;
  }
  const schema = columns.map(
    ({ name, type }) => `${literal(name)}: {name: ${literal(name)}, type: ${literal(DUCKDB[type])}, default_value: null}`,
  );
  return `select ${names} from read_parquet([${locations.map(literal).join(', ')}], schema = map {${schema.join(', ')}})`;
}

/** Statements that make the table, whose files are at the paths, visible as `usecase.table` in the database a connection uses. */
export function viewOf(state: TableState, paths: readonly string[]): readonly string[] {
  const [schema, name] = tableParts(state.table);
  return [
    `create schema if not exists ${identifier(schema)}`,
    `create view ${identifier(schema)}.${identifier(name)} as ${scan(state.columns, paths)}`,
  ];
}
