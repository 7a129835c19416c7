import { type Kysely, sql, type Transaction } from 'kysely';
import { registryError } from '../errors.ts';
import { GRANT_STATEMENTS, TABLES } from './grants.ts';
import type { PostgresPlace } from './postgres-faults.ts';
import type { Tables } from './tables.ts';
import { EVERYDAY_USERS, userName } from './users.ts';

/**
 * Gives each user of a Postgres database its rights, table by table, as the user that owns the database; in one transaction, so
 * that nobody is without them meanwhile, and safe to repeat.
 * @throws MR_REGISTRY_USERS_MISSING, MR_REGISTRY_METADATA_DENIED
 */
export async function shareTables(db: Kysely<Tables>, place: PostgresPlace): Promise<void> {
  await db.transaction().execute(async (step) => {
    await requireUsers(step, place);
    await takeOver(step);
    const { rows } = await sql<{ table: string; policy: string }>`
      select tablename as table, policyname as policy from pg_policies where schemaname = 'public' and tablename in (${sql.join(TABLES)})
    `.execute(step);
    for (const { table, policy } of rows) await sql`drop policy ${sql.id(policy)} on ${sql.id('public', table)}`.execute(step);
    for (const statement of GRANT_STATEMENTS) await sql.raw(statement).execute(step);
  });
}

async function requireUsers(step: Transaction<Tables>, { name }: PostgresPlace): Promise<void> {
  const wanted = EVERYDAY_USERS.map(userName);
  const { rows } = await sql<{ user: string }>`
    select rolname as user from pg_roles where rolname in (${sql.join(wanted)})
  `.execute(step);
  const missing = wanted.filter((user) => !rows.some((row) => row.user === user));
  if (missing.length === 0) return;
  throw registryError('MR_REGISTRY_USERS_MISSING', `Postgres at ${name} has no user ${missing.join(', ')}`, {
    field: 'users',
    value: missing.join(', '),
    expected: 'every user that the rights are for',
  });
}

/** Where the database was another user's, as in one whose tables a workload's user made: it and they become ours. */
async function takeOver(step: Transaction<Tables>): Promise<void> {
  const { rows: databases } = await sql<{ name: string; ours: boolean }>`
    select datname as name, datdba = current_user::regrole as ours from pg_database where datname = current_database()
  `.execute(step);
  for (const { name, ours } of databases) {
    if (!ours) await sql`alter database ${sql.id(name)} owner to current_user`.execute(step);
    await sql`revoke all on database ${sql.id(name)} from public`.execute(step);
    for (const user of EVERYDAY_USERS)
      await sql`grant connect on database ${sql.id(name)} to ${sql.id(userName(user))}`.execute(step);
  }
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables
    where schemaname = 'public' and tablename in (${sql.join(TABLES)}) and tableowner <> current_user
  `.execute(step);
  for (const { name } of tables) await sql`alter table ${sql.id('public', name)} owner to current_user`.execute(step);
  // Rights that such a user's further tables would have given away.
  const { rows: givers } = await sql<{ name: string }>`
    select pg_get_userbyid(defaclrole) as name from pg_default_acl
    where defaclnamespace = 'public'::regnamespace and defaclobjtype = 'r'
  `.execute(step);
  for (const { name } of givers)
    for (const user of EVERYDAY_USERS)
      await sql`
        alter default privileges for role ${sql.id(name)} in schema public revoke all on tables from ${sql.id(userName(user))}
      `.execute(step);
}
