import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { MillraceError } from '../../errors.ts';
import { registryError } from '../errors.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const BUSY = [5, 6];
const FULL = [13];
const CORRUPT = [11, 26];

/** How long a statement waits for another process's transaction. */
const PATIENCE_MS = 10_000;

interface SqliteFault extends Error {
  readonly errcode: number;
}

const isSqliteFault = (error: unknown): error is SqliteFault => error instanceof Error && 'errcode' in error;
const isOneOf = (error: unknown, codes: readonly number[]) => isSqliteFault(error) && codes.includes(error.errcode & 0xff);

/** What a fault of SQLite means to a person; undefined where it is a fault of ours. */
export function explainSqlite(error: unknown, file: string): MillraceError | undefined {
  const detail = { field: 'metadata', value: file, cause: error };
  if (isOneOf(error, BUSY))
    return registryError('MR_REGISTRY_METADATA_BUSY', `${file} stayed locked for ${PATIENCE_MS / 1000} s`, detail);
  if (isOneOf(error, FULL)) return registryError('MR_REGISTRY_METADATA_FULL', `no room left for ${file}`, detail);
  if (isOneOf(error, CORRUPT))
    return registryError('MR_REGISTRY_METADATA_CORRUPT', `${file} is not a sound SQLite database`, {
      ...detail,
      expected: 'a metadata store made by Millrace',
    });
  return undefined;
}

/**
 * Runs `act` again while another process holds the lock. SQLite's own busy timeout blocks the thread, and a server
 * shares it with its requests; so that timeout is short and the waiting happens here.
 */
export async function whileBusy<T>(act: () => T, file: string): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!isOneOf(error, BUSY) || performance.now() > giveUpAt) throw explainSqlite(error, file) ?? error;
      await sleep(2 + Math.random() * 20);
    }
  }
}

class Connection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #file: string;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return whileBusy((): QueryResult<R> => {
      const statement = this.#database.prepare(sql);
      const values = parameters as readonly SQLInputValue[];
      // Rows come without a prototype; callers compare and spread plain objects.
      if (statement.columns().length > 0) return { rows: statement.all(...values).map((row) => ({ ...row }) as R) };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    }, this.#file);
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    const rows: Iterable<Record<string, SQLOutputValue>> = this.#database
      .prepare(sql)
      .iterate(...(parameters as readonly SQLInputValue[]));
    for (const row of rows) yield { rows: [{ ...row } as R] };
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: Connection;

  constructor(database: DatabaseSync, file: string) {
    this.#connection = new Connection(database, file);
  }

  async init(): Promise<void> {}

  // Kysely hands the one connection out to one caller at a time: SqliteAdapter says there is only one.
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /** `immediate`: a transaction that read first and writes later would fail against another process's write, not wait. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

/** Kysely's SQLite dialect over Node's own `node:sqlite`; the caller opens and closes the database. */
export const nodeSqliteDialect = (database: DatabaseSync, file: string): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new NodeSqliteDriver(database, file),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});
