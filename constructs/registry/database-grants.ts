import { DATABASE_USERS, type DatabaseUser } from '../governance/credentials.ts';
import { PLATFORM } from '../site.ts';

export const userName = (user: DatabaseUser): string => `${PLATFORM}_${user}`;

/** Makes the tables, since the program that comes first brings the database to its layout; so it owns them. */
export const TABLE_OWNER = userName('writer');

const named = (...users: readonly DatabaseUser[]): string => users.map(userName).join(', ');

/**
 * What each user of the registry's database may do, as statements that may be run again: one makes tables and rows, one reads
 * rows, two write rows, and nobody else is let in.
 */
export const DATABASE_GRANTS: readonly string[] = [
  'revoke all on schema public from public',
  `revoke all on database ${PLATFORM} from public`,
  `grant connect on database ${PLATFORM} to ${named(...DATABASE_USERS)}`,
  `grant usage on schema public to ${named(...DATABASE_USERS)}`,
  `grant create on schema public to ${TABLE_OWNER}`,
  `alter default privileges for role ${TABLE_OWNER} in schema public grant select, insert, update, delete on tables to ${named('gate', 'keys')}`,
  `alter default privileges for role ${TABLE_OWNER} in schema public grant select on tables to ${named('reader')}`,
];
