import { readFile } from 'node:fs/promises';
import { Kysely, sql } from 'kysely';
import { Pool, types } from 'pg';
import Cursor from 'pg-cursor';
import { registryError } from '../errors.ts';
import { LAYOUT, migrate, refuseNewer } from './migrations.ts';
import type { Metadata } from './port.ts';
import { OneAtATimeDialect } from './postgres-dialect.ts';
import { explainedPool, readText } from './postgres-pool.ts';
import type { Tables } from './tables.ts';

export interface PostgresOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Read anew for each connection: a password may be turned while this runs. */
  readonly passwordFile: string;
  /** Who signed the server's certificate. @default whom Node trusts */
  readonly caFile?: string;
  /** As the server's own views show it. @default 'millrace' */
  readonly workload?: string;
  /** How long a transaction waits for the one before at most. @default 10000 */
  readonly lockMs?: number;
}

/** Connections of one process; a server lets 200 in, and pods are many. */
const CONNECTIONS = 4;
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
const LOCK_MS = 10_000;
/** How long a statement runs at most. */
const STATEMENT_MS = 30_000;
/** A pod that hangs within a transaction must not hold the lock for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** As JavaScript has them: bigint and int4 are numbers (ours are all safe), text as it went in. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, Number],
  [types.builtins.TEXT, readText],
]);

/**
 * The metadata store in a Postgres database, over TLS alone. Transactions run one after the other, among all processes. The
 * first to come with the right to make tables brings the database to this program's layout, others wait for it; a user
 * without that right opens a database that is there and finds in it what its grants allow.
 * @throws MR_REGISTRY_METADATA_UNREACHABLE, MR_REGISTRY_METADATA_DENIED, MR_REGISTRY_LAYOUT_NEWER
 */
export async function openPostgresMetadata(options: PostgresOptions): Promise<Metadata> {
  const { host, port, database, user } = options;
  const place = { name: `${host}:${port}/${database}`, user };
  const ca = options.caFile === undefined ? undefined : await readOr(options.caFile, 'MILLRACE_METADATA_CA_FILE');
  const pool = new Pool({
    host,
    port,
    database,
    user,
    password: async () => (await readOr(options.passwordFile, 'MILLRACE_METADATA_PASSWORD_FILE')).replace(/\r?\n$/, ''),
    ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    lock_timeout: options.lockMs ?? LOCK_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + CONNECT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: options.workload ?? 'millrace',
    types: { getTypeParser: (oid, format) => PARSERS.get(oid) ?? types.getTypeParser(oid, format) },
  });
  // An idle connection that the server closed: the pool has let it go already, and the next one tells if there is no server.
  pool.on('error', () => undefined);
  const db = new Kysely<Tables>({ dialect: new OneAtATimeDialect({ pool: explainedPool(pool, place), cursor: Cursor }) });
  try {
    const found = await layoutOf(db);
    refuseNewer(found, place.name);
    if (found < LAYOUT) await migrate(db, (column) => column.generatedAlwaysAsIdentity().primaryKey(), place.name);
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

async function readOr(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw registryError('MR_REGISTRY_METADATA_DENIED', `${file} cannot be read`, {
      field: setting,
      value: file,
      expected: 'a file that this process may read',
      cause,
    });
  }
}
