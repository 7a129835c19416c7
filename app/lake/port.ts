import type { LakeChunk, LakeRow, LakeValue, TableSpec } from './rows.ts';

export type * from './rows.ts';

/** The lake: Delta Lake tables. A row is a plain object; timestamps are microseconds, bytes are Buffers, lists are arrays. */
export interface Lake {
  /** Creates the table, or evolves it by added nullable columns. @throws MR_LAKE_SCHEMA_CONFLICT for any other change */
  ensureTable(table: TableSpec): Promise<void>;
  tables(): Promise<readonly string[]>; // for who may list the whole lake
  has(table: string): Promise<boolean>; // looks at nothing but the table's own files
  stage(table: string, rows: readonly LakeRow[]): Promise<StagedFile>; // a Parquet file, invisible until `commit` publishes it
  /** One Delta commit: files and consumer offsets together or not at all. A `txn` already at or past its version is a no-op. */
  commit(table: string, change: LakeChange): Promise<LakeSnapshot>;
  snapshot(table: string, version?: number): Promise<LakeSnapshot>;
  history(table: string): Promise<readonly LakeCommit[]>;
  /** SQL (DuckDB) over views named after the tables, each at its pinned version, newest where not pinned. `$name` parameters. */
  query<Row = LakeRow>(sql: string, options?: LakeQuery): Promise<readonly Row[]>;
  /** The same, in chunks of column arrays, for results larger than memory. */
  stream(sql: string, options?: LakeQuery): AsyncIterable<LakeChunk>;
  compact(table: string, options?: { readonly targetBytes?: number }): Promise<LakeSnapshot>;
  /** Deletes files that no version younger than the retention needs. */
  vacuum(table: string, options: { readonly retentionMs: number }): Promise<{ readonly deleted: readonly string[] }>;
  close(): Promise<void>;
}

export interface StagedFile {
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
  readonly stats: string;
}

export interface LakeChange {
  readonly operation: string;
  readonly add?: readonly StagedFile[];
  /** `after`: the version the rows continue from (0 = none yet), else nothing is committed; equal to `version`, it is a condition alone. */
  readonly txn?: readonly { readonly appId: string; readonly version: number; readonly after?: number }[];
  readonly info?: Readonly<Record<string, string>>;
}

export interface LakeSnapshot {
  readonly table: string;
  readonly version: number;
  readonly rows: number;
  readonly files: readonly string[];
  /** Consumer offsets: the newest `txn` version of each application id. */
  readonly txn: ReadonlyMap<string, number>;
}

export interface LakeCommit {
  readonly version: number;
  readonly timestampMs: number;
  readonly operation: string;
  readonly info: Readonly<Record<string, string>>;
}

export interface LakeQuery {
  readonly at?: Readonly<Record<string, number>>;
  readonly params?: Readonly<Record<string, LakeValue>>;
}
