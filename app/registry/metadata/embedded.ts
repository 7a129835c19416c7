import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { migrate, refuseNewer } from './migrations.ts';
import type { Metadata } from './port.ts';
import { explainSqlite, nodeSqliteDialect, whileBusy } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';

/** Longest that SQLite itself may block the thread; beyond it the dialect waits without blocking. */
const BUSY_TIMEOUT_MS = 50;

/**
 * The metadata store in one SQLite file (write-ahead log, synchronous FULL, foreign keys on). Several processes may
 * open it at once. A commit that resolved survives a power cut.
 * @throws MR_REGISTRY_LAYOUT_NEWER, MR_REGISTRY_METADATA_CORRUPT, MR_REGISTRY_METADATA_BUSY
 */
export async function openEmbeddedMetadata(file: string): Promise<Metadata> {
  mkdirSync(dirname(file), { recursive: true });
  const database = openDatabase(file);
  try {
    // Before anything is written: a newer folder stays as it is.
    refuseNewer(await whileBusy(() => layoutOf(database), file), file);
    await whileBusy(() => database.exec('pragma journal_mode = wal; pragma synchronous = full'), file);
    const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database, file) });
    await migrate(db, (column) => column.primaryKey().autoIncrement(), file);
    return {
      db,
      close: async () => {
        await db.destroy();
        if (database.isOpen) database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  } catch (error) {
    throw explainSqlite(error, file) ?? error;
  }
}

/** 0 for a store that does not exist yet. */
function layoutOf(database: DatabaseSync): number {
  const table = database.prepare(`select 1 from sqlite_master where type = 'table' and name = 'layout'`).get();
  if (table === undefined) return 0;
  return Number(database.prepare('select version from layout').get()?.version ?? 0);
}
