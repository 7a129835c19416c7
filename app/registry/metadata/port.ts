import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** The metadata store: registry, runs, uploads, cursors. One SQL for SQLite and Postgres, by kysely. */
export interface Metadata {
  readonly db: Kysely<Tables>;
  close(): Promise<void>;
}
