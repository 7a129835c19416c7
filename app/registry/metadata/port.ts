import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** The metadata store: registry, runs, uploads, cursors. One SQL for SQLite and Postgres, by kysely. */
export interface Metadata {
  readonly db: Kysely<Tables>;
  /**
   * Where a store has users: gives each of them what its workloads need, and no more, as the one that owns the tables; safe to
   * repeat. @throws MR_REGISTRY_USERS_MISSING, MR_REGISTRY_METADATA_DENIED
   */
  share?(): Promise<void>;
  close(): Promise<void>;
}
