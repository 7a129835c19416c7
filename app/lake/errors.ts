import { isDiskFull } from '../disk.ts';
import { errorTable } from '../errors.ts';

/** Faults of the lake and of the object store under it. */
export const { error: lakeError } = errorTable({
  MR_LAKE_OBJECT_MISSING: {
    status: 404,
    title: 'The object does not exist',
    next: 'Check the key; a data file may have been vacuumed: read a newer version of the table.',
  },
  MR_LAKE_OBJECT_KEY: {
    status: 400,
    title: 'The object key is not admitted',
    next: 'Use slash-separated parts such as lake/retail/click/part-1.parquet.',
  },
  MR_LAKE_STORE_REFUSED: {
    status: 502,
    title: 'The object store refuses this workload',
    next: 'Check region, bucket and access key (MILLRACE_OBJECTS_*), and what the workload may do under the named key.',
  },
  MR_LAKE_STORE_UNREACHABLE: {
    status: 503,
    title: 'The object store does not answer',
    next: 'Check that its endpoint can be reached from here; what was tried may be tried again as it is.',
  },
  MR_LAKE_WAREHOUSE_REFUSED: {
    status: 502,
    title: 'The warehouse refuses to make a table known',
    next: 'Check the file that MILLRACE_WAREHOUSE_KEY_FILE names and the rules of the warehouse; tables made known before stay so.',
  },
  MR_LAKE_WAREHOUSE_UNREACHABLE: {
    status: 503,
    title: 'The warehouse does not answer',
    next: 'Check that MILLRACE_WAREHOUSE_URL leads to its coordinator and MILLRACE_WAREHOUSE_CA_FILE holds who signed its certificate; then try again.',
  },
  MR_LAKE_SCRATCH_FULL: {
    status: 507,
    title: 'The files of the query have no room on the scratch disk',
    next: 'Compact the table, pin fewer tables, or give the workload a larger scratch disk (MILLRACE_LAKE_COPIES_MB).',
  },
  MR_LAKE_DISK_FULL: {
    status: 507,
    title: 'The disk is full',
    next: 'Free space, e.g. by `millrace lake vacuum`, and try again: nothing half-written was kept.',
  },
  MR_LAKE_PARQUET_CORRUPT: {
    status: 500,
    title: 'A data file of the lake cannot be read',
    next: 'Restore the named file from a backup, or query an older version by `millrace lake query --at table=version`.',
  },
  MR_LAKE_LOG_CORRUPT: {
    status: 500,
    title: "A table's commit log cannot be read",
    next: 'Restore the named object under _delta_log from a backup.',
  },
  MR_LAKE_TABLE_UNKNOWN: { status: 404, title: 'The table does not exist', next: 'List the tables by `millrace lake tables`.' },
  MR_LAKE_TABLE_NAME: { status: 400, title: 'The table name is not admitted', next: 'Name it usecase.table in lower case.' },
  MR_LAKE_VERSION_UNKNOWN: {
    status: 404,
    title: 'The table has no such version',
    next: 'List the versions by `millrace lake history <table>`.',
  },
  MR_LAKE_SCHEMA_CONFLICT: {
    status: 409,
    title: 'The table has another schema',
    next: 'Only nullable columns may be added; give a changed column a new name.',
  },
  MR_LAKE_ROW_INVALID: {
    status: 422,
    title: 'A row does not fit its table',
    next: 'Correct the row, or add the column to the table by ensureTable.',
  },
  MR_LAKE_PROTOCOL_UNSUPPORTED: {
    status: 501,
    title: 'The table needs a newer reader or writer',
    next: 'Open it with the version of Millrace, or the engine, that wrote it.',
  },
  MR_LAKE_COMMIT_CONFLICT: {
    status: 409,
    title: 'Another writer changed the same files',
    next: 'Run the command again: it will start from the newest version.',
  },
  MR_LAKE_QUERY_INVALID: {
    status: 400,
    title: 'The query cannot be run',
    next: 'Correct the SQL; tables are named usecase.table, parameters $name.',
  },
});

export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** A full disk as MR_LAKE_DISK_FULL; any other error as it is. */
export function diskFault(error: unknown, what: string): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const full = isDiskFull(error) || FULL_TEXT.test(text);
  if (!full) return error;
  return lakeError('MR_LAKE_DISK_FULL', `no room to write ${what}: ${text}`, {
    field: what,
    expected: 'free disk space',
    cause: error,
  });
}

const FULL_TEXT = /No space left on device|Disk quota exceeded|File too large|max_temp_directory_size/;

export const isMissing = (error: unknown): boolean => isCode(error, 'MR_LAKE_OBJECT_MISSING');
