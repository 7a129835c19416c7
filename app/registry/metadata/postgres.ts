import { Kysely, sql } from 'kysely';
import Cursor from 'pg-cursor';
import { LAYOUT, migrate, refuseNewer } from './migrations.ts';
import type { Metadata } from './port.ts';
import { openPostgresPool, type PostgresOptions, placeOf } from './postgres-connection.ts';
import { OneAtATimeDialect } from './postgres-dialect.ts';
import type { Tables } from './tables.ts';

/**
 * The metadata store in a Postgres database, over TLS alone. Transactions run one after the other, among all processes. The
 * first to come with the right to make tables brings the database to this program's layout, others wait for it; a user
 * without that right opens a database that is there and finds in it what its grants allow.
 * @throws MR_REGISTRY_METADATA_UNREACHABLE, MR_REGISTRY_METADATA_DENIED, MR_REGISTRY_LAYOUT_NEWER
 */
export async function openPostgresMetadata(options: PostgresOptions): Promise<Metadata> {
  const place = placeOf(options);
  const pool = await openPostgresPool(options);
  const db = new Kysely<Tables>({ dialect: new OneAtATimeDialect({ pool, cursor: Cursor }) });
  try {
    const found = await layoutOf(db);
    refuseNewer(found, place);
    if (found < LAYOUT) await migrate(db, (column) => column.generatedAlwaysAsIdentity().primaryKey(), place);
    return { db, close: () => db.destroy() };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** 0 for a store that does not exist yet. */
async function layoutOf(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ found: string | null }>`select to_regclass('layout')::text as found`.execute(db);
  if (rows[0]?.found == null) return 0;
  return (await db.selectFrom('layout').select('version').executeTakeFirst())?.version ?? 0;
}
