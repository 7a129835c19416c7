import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import { type Column, DUCKDB } from './delta/schema.ts';
import { measure } from './delta/statistics.ts';
import { type Engine, identifier, literal } from './engine.ts';
import { diskFault, lakeError } from './errors.ts';
import type { LakeRow, LakeType, LakeValue } from './port.ts';

/** A finished Parquet file in the scratch folder. */
export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly stats: string;
}

/** Rows appended between two turns of the event loop, so that a big batch does not stop the process from answering. */
const SLICE = 2048;

/** Name of a new data file. */
export const partName = (): string => `part-${randomUUID()}.zstd.parquet`;

/**
 * Writes rows as one Parquet file, with statistics.
 * @throws MR_LAKE_ROW_INVALID naming row and column; MR_LAKE_DISK_FULL
 */
export async function writeRows(
  engine: Engine,
  table: string,
  columns: readonly Column[],
  rows: readonly LakeRow[],
): Promise<WrittenFile> {
  return engine.using(async (connection) => {
    // Lists travel as JSON text: DuckDB parses a column of them many times faster than it takes them one by one.
    const held = columns.map(({ name, type }) => `${identifier(name)} ${type.endsWith('[]') ? 'VARCHAR' : DUCKDB[type]}`);
    await connection.run(`create temp table rows (${held.join(', ')})`);
    const appender = await connection.createAppender('rows');
    try {
      for (const [index, row] of rows.entries()) {
        appendRow(appender, table, columns, row, index);
        if (index % SLICE === SLICE - 1) await setImmediate();
      }
    } catch (error) {
      // The half-appended row would make the close fail as well and hide why.
      appender.clear();
      throw error;
    }
    appender.closeSync();
    const select = columns.map(({ name, type }) =>
      type.endsWith('[]')
        ? `from_json(${identifier(name)}, '["${DUCKDB[type].slice(0, -2)}"]') as ${identifier(name)}`
        : identifier(name),
    );
    return copyOut(engine, connection, `select ${select.join(', ')} from rows`, 'rows', columns);
  });
}

/** Writes what a SELECT gives as one Parquet file; statistics are taken from `relation`, or from the file itself. */
export async function copyOut(
  engine: Engine,
  connection: DuckDBConnection,
  select: string,
  relation: string | undefined,
  columns: readonly Column[],
): Promise<WrittenFile> {
  const path = engine.scratch('.parquet');
  try {
    await connection.run(`copy (${select}) to ${literal(path)} (format parquet, compression zstd)`);
    const { rows, stats } = await measure(connection, relation ?? `read_parquet(${literal(path)})`, columns);
    return { path, rows, bytes: (await stat(path)).size, stats };
  } catch (error) {
    await rm(path, { force: true });
    throw diskFault(error, path);
  }
}

function appendRow(appender: DuckDBAppender, table: string, columns: readonly Column[], row: LakeRow, index: number): void {
  let held = 0;
  for (const column of columns) {
    const value = row[column.name];
    if (value !== undefined) held += 1;
    if (value === null || value === undefined) {
      if (!column.nullable) throw invalid(table, column.name, index, 'null', column.type);
      appender.appendNull();
    } else if (!FITS[column.type](value)) throw invalid(table, column.name, index, kindOf(value), column.type);
    else append(appender, column.type, value);
  }
  const names = Object.keys(row);
  if (held < names.length) {
    const known = new Set(columns.map(({ name }) => name));
    const unknown = names.find((name) => row[name] !== undefined && !known.has(name));
    if (unknown !== undefined)
      throw invalid(table, unknown, index, 'a column the table does not have', columns.map(({ name }) => name).join(', '));
  }
  appender.endRow();
}

const whole = (value: LakeValue) =>
  typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);

const FITS: Readonly<Record<LakeType, (value: LakeValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  long: whole,
  timestamp: whole,
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  binary: (value) => value instanceof Uint8Array,
  'string[]': (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'float[]': (value) => Array.isArray(value) && value.every((item) => Number.isFinite(item)),
};

/** Whether a column can hold the value. */
export const fits = ({ type, nullable }: Column, value: LakeValue): boolean => (value === null ? nullable : FITS[type](value));

function append(appender: DuckDBAppender, type: LakeType, value: LakeValue): void {
  if (type === 'string') appender.appendVarchar(value as string);
  else if (type === 'long') appender.appendBigInt(BigInt(value as number | bigint));
  else if (type === 'double') appender.appendDouble(value as number);
  else if (type === 'boolean') appender.appendBoolean(value as boolean);
  else if (type === 'timestamp') appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(value as number | bigint)));
  else if (type === 'binary') appender.appendBlob(value as Buffer);
  // A lone surrogate would be an escape that DuckDB's JSON reader refuses.
  else if (type === 'string[]')
    appender.appendVarchar(JSON.stringify((value as readonly string[]).map((text) => text.toWellFormed())));
  else appender.appendVarchar(JSON.stringify(value));
}

const kindOf = (value: LakeValue) => (Array.isArray(value) ? 'a list of other items' : typeof value);

/** Says of which kind the value is, never the value: the column may hold personal data. */
const invalid = (table: string, column: string, index: number, found: string, expected: string) =>
  lakeError('MR_LAKE_ROW_INVALID', `table ${table}: row ${index} has ${found} in ${column}, expected ${expected}`, {
    field: `${table}.${column}`,
    value: found,
    expected,
  });
