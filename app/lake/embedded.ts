import type { Clock } from '../clock/port.ts';
import { compact, TARGET_BYTES } from './compaction.ts';
import { type DataFiles, filesInPlace, withFile } from './data-files.ts';
import { DeltaLog } from './delta/log.ts';
import { recordsOf, type TableState } from './delta/state.ts';
import { type Engine, literal, openEngine } from './engine.ts';
import { localCopies } from './local-copies.ts';
import type { ObjectStore } from './object-store/port.ts';
import { partName, writeRows } from './parquet-writer.ts';
import type { Lake, LakeChunk, LakeCommit, LakeQuery, LakeRow, LakeSnapshot } from './port.ts';
import { ensureTable, publish } from './publish.ts';
import { runQuery } from './query.ts';
import { LAKE_PREFIX, tableOfLogKey, tablePrefix } from './table-name.ts';
import { vacuum } from './vacuum.ts';
import { dataFiles, fileKeys } from './view.ts';

export interface LakeOptions {
  /** For files being written, for copies of those that are elsewhere, and for DuckDB's spill; safe to delete when nothing runs. */
  readonly scratchDir: string;
  readonly clock: Clock;
  /** What copies of the files of a store that is elsewhere may take of the scratch disk, bytes. @default 1 GiB */
  readonly copyBytes?: number;
  /** DuckDB's memory. @default '512MB' */
  readonly memory?: string;
  /** DuckDB's threads. @default 2 */
  readonly threads?: number;
}

const COPY_BYTES = 1024 ** 3;

/**
 * Delta Lake tables on any object store, Parquet by the DuckDB inside this process. Several processes may open one lake:
 * commits rely on put-if-absent alone. Timestamps are microseconds; see `values.ts` for what queries give back and take.
 */
export async function openEmbeddedLake(objects: ObjectStore, options: LakeOptions): Promise<Lake> {
  const locate = objects.location?.bind(objects);
  const engine = await openEngine({ ...options, readable: locate === undefined ? [] : [locate(LAKE_PREFIX.slice(0, -1))] });
  const { clock, copyBytes = COPY_BYTES } = options;
  const files =
    locate === undefined
      ? localCopies(objects, { newPath: () => engine.scratch('.parquet'), limit: copyBytes })
      : filesInPlace(locate);
  const logs = new Map<string, DeltaLog>();
  const logOf = (table: string): DeltaLog => {
    const log = logs.get(table) ?? new DeltaLog(table, objects, engine, files);
    logs.set(table, log);
    return log;
  };
  const find = async (table: string, version: number | undefined): Promise<TableState | undefined> =>
    version === undefined ? logOf(table).find() : logOf(table).at(version);
  const snapshotOf = (state: TableState) => toSnapshot(engine, files, state);
  const stream = (sql: string, query: LakeQuery = {}): AsyncIterable<LakeChunk> =>
    runQuery(engine, objects, files, find, sql, query);

  return {
    ensureTable: async (table) => ensureTable(logOf(table.name), clock, table),
    async tables() {
      const names = (await objects.list(LAKE_PREFIX)).flatMap(({ key }) => tableOfLogKey(key) ?? []);
      return [...new Set(names)].sort();
    },
    has: async (table) => (await logOf(table).find()) !== undefined,
    async stage(table, rows) {
      const { columns } = await logOf(table).newest();
      const file = await writeRows(engine, table, columns, rows);
      const key = tablePrefix(table) + partName();
      await objects.putFile(key, file.path);
      return { key, rows: file.rows, bytes: file.bytes, stats: file.stats };
    },
    commit: async (table, change) => snapshotOf(await publish(logOf(table), objects, clock, change)),
    snapshot: async (table, version) => {
      const log = logOf(table);
      return snapshotOf(await (version === undefined ? log.newest() : log.at(version)));
    },
    history: async (table) => history(logOf(table)),
    async query<Row = LakeRow>(sql: string, query?: LakeQuery): Promise<readonly Row[]> {
      const rows: Row[] = [];
      for await (const chunk of stream(sql, query)) appendRows(rows, chunk);
      return rows;
    },
    stream,
    compact: async (table, { targetBytes = TARGET_BYTES } = {}) =>
      snapshotOf(await compact(logOf(table), engine, objects, files, clock, targetBytes)),
    vacuum: async (table, { retentionMs }) => ({ deleted: await vacuum(logOf(table), objects, clock, retentionMs) }),
    close: () => engine.close(),
  };
}

function appendRows<Row>(rows: Row[], chunk: LakeChunk): void {
  const columns = Object.entries(chunk.columns);
  for (let index = 0; index < chunk.rows; index += 1) {
    const row: Record<string, unknown> = {};
    for (const [name, values] of columns) row[name] = values[index];
    rows.push(row as Row);
  }
}

async function toSnapshot(engine: Engine, files: DataFiles, state: TableState): Promise<LakeSnapshot> {
  const committed = [...state.files.values()];
  let rows = 0;
  for (const [index, file] of dataFiles(state).entries()) {
    const add = committed[index];
    rows += (add && recordsOf(add)) ?? (await withFile(files, file, (path) => countRows(engine, path)));
  }
  const txn = new Map([...state.txn].map(([appId, { version }]) => [appId, version]));
  return { table: state.table, version: state.version, rows, files: fileKeys(state), txn };
}

/** For a file that another writer added without statistics: its footer knows. */
async function countRows(engine: Engine, path: string): Promise<number> {
  const result = await engine.using((connection) =>
    connection.runAndReadAll(`select num_rows from parquet_file_metadata(${literal(path)})`),
  );
  return Number(result.getRows()[0]?.[0] ?? 0);
}

/** Commits whose log entries are kept, newest first. */
async function history(log: DeltaLog): Promise<readonly LakeCommit[]> {
  const newest = await log.newest();
  const commits: LakeCommit[] = [];
  for (let version = newest.version; version >= 0; version -= 1) {
    const actions = await log.read(version);
    if (actions === undefined) break;
    const info = actions.find((action) => 'commitInfo' in action)?.commitInfo;
    commits.push({
      version,
      timestampMs: info?.timestamp ?? 0,
      operation: info?.operation ?? 'UNKNOWN',
      info: info?.operationParameters ?? {},
    });
  }
  return commits;
}
