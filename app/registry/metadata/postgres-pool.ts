import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { endsConnection, explainPostgres, type PostgresPlace } from './postgres-faults.ts';

/** Postgres' text holds every character but NUL; SQLite's holds that as well. Both of these, from the private use area, stand for one. */
const ESCAPE = '\uE000';
const ESCAPED: Readonly<Record<string, string>> = { '\0': `${ESCAPE}0`, [ESCAPE]: `${ESCAPE}1` };

const escapeText = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/[\0\uE000]/g, (found) => ESCAPED[found] as string) : value;

/** What a text column holds, as it went in. */
export const readText = (text: string): string =>
  text.includes(ESCAPE) ? text.replace(/\uE000([01])/g, (_, which) => (which === '0' ? '\0' : ESCAPE)) : text;

/**
 * A pool as kysely uses it: faults are our own, text goes in as `readText` reads it, and a connection that is of no
 * more use is not used again.
 */
export function explainedPool(pool: Pool, place: PostgresPlace): PostgresPool {
  const explained = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw explainPostgres(error, place) ?? error;
    }
  };
  // The same for the same connection: kysely knows it again by that.
  const clients = new WeakMap<PoolClient, PostgresPoolClient>();
  const wrap = (client: PoolClient): PostgresPoolClient => {
    let spent = false;
    // Of a connection that is lost between two statements; the next one tells.
    client.on('error', () => undefined);
    function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
    function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
    function query<R>(statement: string | PostgresCursor<R>, parameters: readonly unknown[] = []): unknown {
      if (typeof statement !== 'string') return client.query(statement as never);
      return explained(() =>
        client.query(statement, parameters.map(escapeText)).catch((error: unknown) => {
          spent ||= endsConnection(error);
          throw error;
        }),
      );
    }
    return { query, release: (destroy = false) => client.release(destroy || spent) };
  };
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await explained(() => pool.connect());
      const known = clients.get(client) ?? wrap(client);
      clients.set(client, known);
      return known;
    },
  };
}
