import { Kysely, sql } from 'kysely';
import Cursor from 'pg-cursor';
import { registryError } from '../errors.ts';
import { LAYOUT, migrate, refuseNewer } from './migrations.ts';
import type { Metadata } from './port.ts';
import { openPostgresPool, type PostgresOptions, placeOf } from './postgres-connection.ts';
import { OneAtATimeDialect } from './postgres-dialect.ts';
import type { PostgresPlace } from './postgres-faults.ts';
import { shareTables } from './share.ts';
import type { Tables } from './tables.ts';

/**
 * The metadata store in a Postgres database, over TLS alone. Transactions run one after the other, among all processes. The
 * first to come with the right to make tables brings the database to this program's layout, others wait for it; a user
 * without that right opens a database that is there and finds in it what its grants allow.
 * @throws MR_REGISTRY_METADATA_UNREACHABLE, MR_REGISTRY_METADATA_DENIED, MR_REGISTRY_LAYOUT_NEWER, MR_REGISTRY_LAYOUT_OLDER
 */
export async function openPostgresMetadata(options: PostgresOptions): Promise<Metadata> {
  const place: PostgresPlace = { name: placeOf(options), user: options.user };
  const pool = await openPostgresPool(options);
  const db = new Kysely<Tables>({ dialect: new OneAtATimeDialect({ pool, cursor: Cursor }) });
  try {
    const found = await layoutOf(db);
    refuseNewer(found, place.name);
    if (found < LAYOUT) {
      await requireMaker(db, found, place);
      await migrate(db, (column) => column.generatedAlwaysAsIdentity().primaryKey(), place.name);
    }
    return { db, share: () => shareTables(db, place), close: () => db.destroy() };
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

/** @throws MR_REGISTRY_LAYOUT_OLDER naming both versions, where the user may make no tables */
async function requireMaker(db: Kysely<Tables>, found: number, { name, user }: PostgresPlace): Promise<void> {
  const { rows } = await sql<{ may: boolean | null }>`select has_schema_privilege('public', 'create') as may`.execute(db);
  if (rows[0]?.may === true) return;
  throw registryError('MR_REGISTRY_LAYOUT_OLDER', `${name} has layout ${found}, and ${user} may make no tables there`, {
    field: 'layout',
    value: found,
    expected: `layout ${LAYOUT}`,
  });
}
