import type { PostgresPool } from 'kysely';
import type { Keyring, KeyringRow } from './keyring.ts';
import { alone, rowsOf } from './postgres-schema.ts';

type Row = KeyringRow & { readonly lookup: Buffer };

/** The keyring's rows in the schema `keyring` of a Postgres database; see `ensureKeyring`. */
export function postgresKeyring(pool: PostgresPool, close: () => Promise<void>): Keyring {
  const found = async (lookups: readonly Buffer[]): Promise<ReadonlyMap<string, KeyringRow>> => {
    const rows = await rowsOf<Row>(
      pool,
      'select lookup, pseudonym, wrapped from keyring.subjects where lookup = any($1::bytea[])',
      [lookups],
    );
    return new Map(rows.map(({ lookup, pseudonym, wrapped }) => [lookup.toString('hex'), { pseudonym, wrapped }]));
  };

  return {
    async find(lookup) {
      const [row] = await rowsOf<KeyringRow>(pool, 'select pseudonym, wrapped from keyring.subjects where lookup = $1', [lookup]);
      return row;
    },
    findPseudonyms: (pseudonyms) =>
      rowsOf<KeyringRow>(pool, 'select pseudonym, wrapped from keyring.subjects where pseudonym = any($1::text[])', [pseudonyms]),
    async add(rows) {
      // In one order for all who add: two that hold rows which the other waits for would end each other.
      const ordered = rows.toSorted((a, b) => Buffer.compare(a.lookup, b.lookup));
      for (;;) {
        await rowsOf(
          pool,
          `insert into keyring.subjects (lookup, pseudonym, wrapped)
           select * from unnest($1::bytea[], $2::text[], $3::bytea[]) on conflict (lookup) do nothing`,
          [ordered.map(({ lookup }) => lookup), ordered.map(({ pseudonym }) => pseudonym), ordered.map(({ wrapped }) => wrapped)],
        );
        const there = await found(rows.map(({ lookup }) => lookup));
        const answer = rows.flatMap(({ lookup }) => there.get(lookup.toString('hex')) ?? []);
        // Fewer where one was erased in between: that person is new again.
        if (answer.length === rows.length) return answer;
      }
    },
    erase: (lookup) =>
      // Alone, so that the numbers of erasures become visible in their order: who has seen one has seen all before.
      alone(pool, async (client) => {
        const [row] = await rowsOf<{ pseudonym: string }>(
          client,
          'delete from keyring.subjects where lookup = $1 returning pseudonym',
          [lookup],
        );
        if (row !== undefined) await rowsOf(client, 'insert into keyring.erased (pseudonym) values ($1)', [row.pseudonym]);
        return row?.pseudonym;
      }),
    async erasedSince(number) {
      const [newest] = await rowsOf<{ number: number }>(pool, 'select coalesce(max(number), 0) as number from keyring.erased');
      if (newest === undefined || newest.number === number) return { pseudonyms: [], number };
      const rows = await rowsOf<{ number: number; pseudonym: string }>(
        pool,
        'select number, pseudonym from keyring.erased where number > $1 order by number',
        // Fewer than there were: the database was brought back to an earlier time, and what came since is read anew.
        [newest.number < number ? 0 : number],
      );
      return { pseudonyms: rows.map(({ pseudonym }) => pseudonym), number: rows.at(-1)?.number ?? newest.number };
    },
    async secret(name, make) {
      const known = async () =>
        (await rowsOf<{ wrapped: Buffer }>(pool, 'select wrapped from keyring.secrets where name = $1', [name]))[0]?.wrapped;
      const own = await known();
      if (own !== undefined) return own;
      const made = make();
      await rowsOf(pool, 'insert into keyring.secrets (name, wrapped) values ($1, $2) on conflict (name) do nothing', [
        name,
        made,
      ]);
      return (await known()) ?? made;
    },
    close,
  };
}
