import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { lakeError } from './errors.ts';
import { tableParts } from './table-name.ts';

/** A Trino over the lake, and how one shows that one may make tables known to it. */
export interface TrinoOptions {
  /** Of its coordinator, https. */
  readonly url: string;
  readonly caFile?: string;
  /** Holds the key, in base64, that the coordinator checks our token with. */
  readonly keyFile: string;
  /** The user that the token is about. */
  readonly user: string;
  /** Its name for the lake. */
  readonly catalog: string;
  /** For one answer. @default 60_000 */
  readonly patienceMs?: number;
}

/** A table and what became of it: made known now, known already, or not there yet since nothing was written. */
export interface RegisteredTable {
  readonly table: string;
  readonly state: 'registered' | 'known' | 'absent';
}

const TOKEN_SECONDS = 600;

/**
 * Makes tables of the lake (`usecase.table`) known by name, each at the address that `locationOf` says. Safe to repeat: one that
 * is known already stays as it is. @throws MR_LAKE_WAREHOUSE_REFUSED, MR_LAKE_WAREHOUSE_UNREACHABLE
 */
export async function registerTables(
  options: TrinoOptions,
  tables: readonly string[],
  locationOf: (table: string) => string,
): Promise<readonly RegisteredTable[]> {
  const { run, close } = await openTrino(options);
  const { catalog } = options;
  try {
    const made: RegisteredTable[] = [];
    for (const schema of new Set(tables.map((table) => tableParts(table)[0])))
      await run(`create schema if not exists ${catalog}.${schema}`);
    for (const table of tables) {
      const [schema, name] = tableParts(table);
      const which = `schema_name => '${schema}', table_name => '${name}', table_location => '${locationOf(table)}'`;
      made.push({ table, state: await run(`call ${catalog}.system.register_table(${which})`) });
    }
    return made;
  } finally {
    close();
  }
}

/** An answer of Trino's statement protocol. */
interface Page {
  readonly nextUri?: string;
  readonly error?: { readonly errorName: string; readonly message: string };
}

/** Undefined where it is not from a Trino. */
function pageOf(text: string): Page | undefined {
  try {
    return JSON.parse(text) as Page;
  } catch {
    return undefined;
  }
}

/** What an end of a statement means; undefined for a refusal. */
function stateOf({ error }: Page): RegisteredTable['state'] | undefined {
  if (error === undefined) return 'registered';
  if (error.errorName === 'ALREADY_EXISTS') return 'known';
  // It has a code for any fault of a caller's; the words are of an address without a commit log.
  return error.errorName === 'GENERIC_USER_ERROR' && error.message.startsWith('No transaction log found') ? 'absent' : undefined;
}

async function openTrino({ url, caFile, keyFile, user, patienceMs = 60_000 }: TrinoOptions) {
  const read = (file: string) =>
    readFile(file).catch((cause: unknown) => {
      throw lakeError('MR_LAKE_WAREHOUSE_REFUSED', `${file} cannot be read`, { field: 'warehouse', value: file, cause });
    });
  const key = Buffer.from((await read(keyFile)).toString('utf8'), 'base64');
  const agent = new Agent({ keepAlive: true, ...(caFile !== undefined && { ca: await read(caFile) }) });
  const unreachable = (what: string, cause?: unknown) =>
    lakeError('MR_LAKE_WAREHOUSE_UNREACHABLE', `no answer from the warehouse at ${url}: ${what}`, {
      field: 'MILLRACE_WAREHOUSE_URL',
      value: url,
      cause,
    });

  const ask = (method: 'POST' | 'GET', address: string, body?: string): Promise<Page> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${tokenOf(user, key)}`, 'x-trino-user': user, 'x-trino-source': 'millrace' };
      const asked = request(address, { method, agent, headers, timeout: patienceMs }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', (cause) => reject(unreachable(cause.message, cause)));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const page = status === 200 ? pageOf(text) : undefined;
          if (page !== undefined) resolve(page);
          else if (status === 401 || status === 403) reject(refused(`it does not take our token (${status})`));
          else reject(unreachable(status === 200 ? 'it is no Trino' : `status ${status}`));
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`nothing within ${patienceMs} ms`)));
      asked.on('error', (cause) => reject(unreachable(cause.message, cause)));
      asked.end(body);
    });

  const refused = (what: string) =>
    lakeError('MR_LAKE_WAREHOUSE_REFUSED', `the warehouse at ${url} refuses: ${what}`, {
      field: 'warehouse',
      value: url,
      expected: `the rights of ${user}`,
    });

  return {
    close: () => agent.destroy(),
    /** Runs a statement to its end. */
    async run(sql: string): Promise<RegisteredTable['state']> {
      let page = await ask('POST', new URL('/v1/statement', url).href, sql);
      while (page.error === undefined && page.nextUri !== undefined) page = await ask('GET', page.nextUri);
      const state = stateOf(page);
      if (state !== undefined) return state;
      throw refused(`${page.error?.errorName}: ${page.error?.message}`);
    },
  };
}

/** A JSON Web Token (RFC 7519) by HMAC with SHA-256. */
function tokenOf(sub: string, key: Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
