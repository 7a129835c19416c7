import { readFile } from 'node:fs/promises';
import type { PostgresPool } from 'kysely';
import { Pool, types } from 'pg';
import { registryError } from '../errors.ts';
import { explainedPool, readText } from './postgres-pool.ts';

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
 * Connections to a Postgres database, over TLS alone, made when they are needed. Faults are MR_REGISTRY_METADATA_….
 * @throws MR_REGISTRY_METADATA_DENIED where the authority's file cannot be read
 */
export async function openPostgresPool(options: PostgresOptions): Promise<PostgresPool> {
  const { host, port, database, user } = options;
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
  return explainedPool(pool, { name: placeOf(options), user });
}

/** `host:port/database`, as errors name it. */
export const placeOf = ({ host, port, database }: PostgresOptions): string => `${host}:${port}/${database}`;

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
