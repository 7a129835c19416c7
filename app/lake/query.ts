import { type DuckDBConnection, type DuckDBDataChunk, type DuckDBType, type DuckDBValue, StatementType } from '@duckdb/node-api';
import type { DataFiles } from './data-files.ts';
import type { TableState } from './delta/state.ts';
import type { Engine } from './engine.ts';
import { namedTables } from './named-tables.ts';
import type { ObjectStore } from './object-store/port.ts';
import type { LakeChunk, LakeQuery, LakeValue } from './port.ts';
import { queryFault } from './query-fault.ts';
import { fromDuckDB, toDuckDB } from './values.ts';
import { dataFiles, viewOf } from './view.ts';

/** Finds a table at a version, newest where none is given; undefined where there is no such table. */
export type FindTable = (table: string, version: number | undefined) => Promise<TableState | undefined>;

let databases = 0;

/**
 * Runs one SELECT over the tables it names, each at its pinned version, and yields the result in chunks. Every query gets
 * a database of its own for its views, so queries with different pins run at the same time.
 */
export async function* runQuery(
  engine: Engine,
  objects: ObjectStore,
  files: DataFiles,
  find: FindTable,
  sql: string,
  options: LakeQuery,
): AsyncGenerator<LakeChunk, void, undefined> {
  const states = await resolveTables(find, await namedTables(engine, sql), options.at ?? {});
  const held = await files.hold(states.flatMap(dataFiles));
  const connection = await engine.connect();
  databases += 1;
  const database = `_query_${databases}`;
  let taken = 0;
  try {
    await connection.run(`attach ':memory:' as ${database}`);
    await connection.run(`use ${database}`);
    for (const state of states) {
      const paths = held.paths.slice(taken, taken + state.files.size);
      taken += paths.length;
      for (const statement of viewOf(state, paths)) await connection.run(statement);
    }
    const result = await start(connection, sql, options.params ?? {});
    const names = result.deduplicatedColumnNames();
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      yield { rows: chunk.rowCount, columns: columnsOf(chunk, names) };
    }
  } catch (error) {
    throw await queryFault(error, engine, objects, files, states);
  } finally {
    connection.closeSync();
    await engine.using((other) => other.run(`detach ${database}`)).catch(() => undefined);
    held.release();
  }
}

async function resolveTables(
  find: FindTable,
  named: readonly string[],
  at: Readonly<Record<string, number>>,
): Promise<readonly TableState[]> {
  const names = [...new Set([...named, ...Object.keys(at)])];
  const states = await Promise.all(names.map((name) => find(name, at[name])));
  return states.filter((state) => state !== undefined);
}

async function start(connection: DuckDBConnection, sql: string, params: Readonly<Record<string, LakeValue>>) {
  const prepared = await connection.prepare(sql);
  try {
    if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN) {
      throw new Error('Parser Error: only a single SELECT is admitted');
    }
    const values: Record<string, DuckDBValue> = {};
    const types: Record<string, DuckDBType> = {};
    for (const [name, param] of Object.entries(params)) ({ value: values[name] = null, type: types[name] } = toDuckDB(param));
    prepared.bind(values, types);
    return await prepared.stream();
  } finally {
    prepared.destroySync();
  }
}

function columnsOf(chunk: DuckDBDataChunk, names: readonly string[]): Readonly<Record<string, ArrayLike<LakeValue>>> {
  const columns: Record<string, LakeValue[]> = {};
  for (const [index, name] of names.entries()) {
    const vector = chunk.getColumnVector(index);
    const values: LakeValue[] = new Array(chunk.rowCount);
    for (let row = 0; row < chunk.rowCount; row += 1) values[row] = fromDuckDB(vector.getItem(row));
    columns[name] = values;
  }
  return columns;
}
