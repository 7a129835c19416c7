import { lakeError } from '../errors.ts';
import type { Action, AddFile, MetaData, Protocol, RemoveFile, Txn } from './actions.ts';
import { type Column, parseSchema } from './schema.ts';

/** A table at one version: what its log says up to there. Never changed; the next version is a new value. */
export interface TableState {
  readonly table: string;
  readonly version: number;
  /** Milliseconds; never goes back from one version to the next. */
  readonly timestampMs: number;
  readonly protocol: Protocol;
  readonly metaData: MetaData;
  readonly columns: readonly Column[];
  /** Active files by path. */
  readonly files: ReadonlyMap<string, AddFile>;
  readonly tombstones: ReadonlyMap<string, RemoveFile>;
  readonly txn: ReadonlyMap<string, Txn>;
}

/** What this reader and writer of the protocol can do. */
export const READER_VERSION = 1;
export const WRITER_VERSION = 2;

/**
 * Applies one commit, or a checkpoint's actions to no state (PROTOCOL.md, "Action Reconciliation").
 * @throws MR_LAKE_PROTOCOL_UNSUPPORTED for a table that needs a newer reader; MR_LAKE_LOG_CORRUPT without protocol or metaData
 */
export function replay(table: string, before: TableState | undefined, version: number, actions: readonly Action[]): TableState {
  let { protocol, metaData } = before ?? {};
  let timestampMs = before?.timestampMs ?? 0;
  const files = new Map(before?.files);
  const tombstones = new Map(before?.tombstones);
  const txn = new Map(before?.txn);
  for (const action of actions) {
    if ('add' in action) {
      checkAdd(table, action.add);
      files.set(action.add.path, action.add);
      tombstones.delete(action.add.path);
    } else if ('remove' in action) {
      files.delete(action.remove.path);
      tombstones.set(action.remove.path, action.remove);
    } else if ('txn' in action) txn.set(action.txn.appId, action.txn);
    else if ('metaData' in action) metaData = action.metaData;
    else if ('protocol' in action) protocol = action.protocol;
    else if ('commitInfo' in action) timestampMs = Math.max(timestampMs, action.commitInfo.timestamp ?? 0);
  }
  if (protocol === undefined || metaData === undefined) {
    throw lakeError('MR_LAKE_LOG_CORRUPT', `table ${table}: version ${version} has no ${protocol ? 'metaData' : 'protocol'}`, {
      field: table,
      value: version,
      expected: 'protocol and metaData in the first commit',
    });
  }
  checkReadable(table, protocol, metaData);
  const columns =
    before !== undefined && before.metaData === metaData ? before.columns : parseSchema(metaData.schemaString, table);
  if (timestampMs === 0) timestampMs = newestOf(files.values(), tombstones.values(), txn.values());
  return { table, version, timestampMs, protocol, metaData, columns, files, tombstones, txn };
}

/** A checkpoint holds no commitInfo: the newest time in its actions stands for it. */
function newestOf(files: Iterable<AddFile>, tombstones: Iterable<RemoveFile>, txns: Iterable<Txn>): number {
  let newest = 0;
  for (const file of files) newest = Math.max(newest, file.modificationTime);
  for (const tombstone of tombstones) newest = Math.max(newest, tombstone.deletionTimestamp ?? 0);
  for (const txn of txns) newest = Math.max(newest, txn.lastUpdated ?? 0);
  return newest;
}

function checkReadable(table: string, protocol: Protocol, metaData: MetaData): void {
  if (protocol.minReaderVersion > READER_VERSION) {
    throw unsupported(table, 'protocol.minReaderVersion', protocol.minReaderVersion, `at most ${READER_VERSION}`);
  }
  if (metaData.partitionColumns.length > 0) {
    throw unsupported(
      table,
      'metaData.partitionColumns',
      metaData.partitionColumns.join(', '),
      'a table without partition columns',
    );
  }
}

function checkAdd(table: string, add: AddFile): void {
  if (add.deletionVector) throw unsupported(table, 'add.deletionVector', 'present', 'files without deletion vectors');
  if (add.path.includes(':') || add.path.startsWith('/')) {
    throw unsupported(table, 'add.path', add.path, 'paths relative to the table');
  }
}

/** @throws MR_LAKE_PROTOCOL_UNSUPPORTED for a table that needs a newer writer */
export function checkWritable({ table, protocol }: TableState): void {
  if (protocol.minWriterVersion > WRITER_VERSION) {
    throw unsupported(table, 'protocol.minWriterVersion', protocol.minWriterVersion, `at most ${WRITER_VERSION}`);
  }
}

const unsupported = (table: string, field: string, value: unknown, expected: string) =>
  lakeError('MR_LAKE_PROTOCOL_UNSUPPORTED', `table ${table}: ${field} is ${String(value)}, expected ${expected}`, {
    field,
    value,
    expected,
  });

const counts = new WeakMap<AddFile, number>();

/** Rows of a file by its statistics; undefined where another writer left them out. */
export function recordsOf(file: AddFile): number | undefined {
  const known = counts.get(file);
  if (known !== undefined || !file.stats) return known;
  const { numRecords } = JSON.parse(file.stats) as { readonly numRecords?: number };
  if (numRecords !== undefined) counts.set(file, numRecords);
  return numRecords;
}
