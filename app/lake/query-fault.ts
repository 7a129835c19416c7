import { stat } from 'node:fs/promises';
import { MillraceError } from '../errors.ts';
import { type DataFiles, withFile } from './data-files.ts';
import { recordsOf, type TableState } from './delta/state.ts';
import { type Engine, literal } from './engine.ts';
import { diskFault, lakeError } from './errors.ts';
import type { ObjectStore } from './object-store/port.ts';
import { dataFiles } from './view.ts';

/** How DuckDB begins a message about the SQL or its values, not about a file. */
const ABOUT_SQL = /^(Parser|Binder|Catalog|Conversion|Out of Range|Permission|Constraint|Invalid Type|Mismatch Type) Error/;

/**
 * Tells apart what went wrong in a query: the SQL (MR_LAKE_QUERY_INVALID), the disk (MR_LAKE_DISK_FULL), a data file that is
 * gone (MR_LAKE_OBJECT_MISSING) or unreadable (MR_LAKE_PARQUET_CORRUPT, naming it).
 */
export async function queryFault(
  error: unknown,
  engine: Engine,
  objects: ObjectStore,
  files: DataFiles,
  states: readonly TableState[],
): Promise<unknown> {
  if (error instanceof MillraceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const full = diskFault(error, 'a query result');
  if (full !== error) return full;
  if (!ABOUT_SQL.test(message)) {
    const file = await fileFault(engine, objects, files, states, error);
    if (file !== undefined) return file;
  }
  return lakeError('MR_LAKE_QUERY_INVALID', message.split('\n\nLINE')[0] ?? message, { field: 'sql', cause: error });
}

/** Looks at the files the failed work read: one that is missing, of another size than committed, or unreadable to its end. */
export async function fileFault(
  engine: Engine,
  objects: ObjectStore,
  files: DataFiles,
  states: readonly TableState[],
  cause: unknown,
) {
  for (const state of states) {
    const committed = [...state.files.values()];
    for (const [index, file] of dataFiles(state).entries()) {
      const { key, bytes } = file;
      const add = committed[index];
      files.forget(key);
      if (!(await objects.has(key))) {
        return lakeError('MR_LAKE_OBJECT_MISSING', `table ${state.table}: the data file ${key} is gone`, {
          field: key,
          expected: 'a file not vacuumed',
          cause,
        });
      }
      const fault = await withFile(files, file, (path) => unreadable(engine, path, bytes, add && recordsOf(add)));
      if (fault !== undefined) {
        files.forget(key);
        return lakeError('MR_LAKE_PARQUET_CORRUPT', `table ${state.table}: the data file ${key} is corrupt: ${fault}`, {
          field: key,
          expected: 'the Parquet file as it was committed',
          cause,
        });
      }
    }
  }
  return undefined;
}

async function unreadable(
  engine: Engine,
  location: string,
  bytes: number | undefined,
  rows: number | undefined,
): Promise<string | undefined> {
  const size = (await stat(location).catch(() => undefined))?.size;
  if (size !== undefined && bytes !== undefined && size !== bytes) return `it has ${size} bytes, ${bytes} were committed`;
  return engine.using(async (connection) => {
    try {
      const result = await connection.runAndReadAll(
        `select count(*) from (select columns(*)::varchar from read_parquet(${literal(location)}))`,
      );
      const found = Number(result.getRows()[0]?.[0]);
      // The count alone comes from the footer; the bytes of every column are read as well.
      await connection.run(`select max(hash(file)) from read_parquet(${literal(location)}) file`);
      return rows === undefined || found === rows ? undefined : `it has ${found} rows, ${rows} were committed`;
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).split('\n')[0];
    }
  });
}
