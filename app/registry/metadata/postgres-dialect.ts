import { CompiledQuery, type Driver, PostgresDialect, type PostgresDialectConfig, PostgresDriver } from 'kysely';

/** Names the lock among the advisory locks of the database: any number that nothing else there uses. */
const LOCK = 7_261_405_118;

/** Begins each transaction by a lock that there is one of, held to its end. */
class OneAtATimeDriver extends PostgresDriver {
  override async beginTransaction(...[connection, settings]: Parameters<PostgresDriver['beginTransaction']>): Promise<void> {
    await super.beginTransaction(connection, settings);
    try {
      await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${LOCK})`));
    } catch (error) {
      // Kysely gives the connection back as one that began nothing.
      await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined);
      throw error;
    }
  }

  override async rollbackTransaction(...[connection]: Parameters<PostgresDriver['rollbackTransaction']>): Promise<void> {
    // A connection that died took its transaction along; what it died of is what the caller should hear.
    await super.rollbackTransaction(connection).catch(() => undefined);
  }
}

/**
 * Kysely's Postgres dialect with transactions one after the other, as on SQLite: what one has read no other changes before it
 * ends. Registry acts are few and short, and a lock needs no right on any table. Single statements do not wait for it.
 */
export class OneAtATimeDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new OneAtATimeDriver(this.#config);
  }
}
