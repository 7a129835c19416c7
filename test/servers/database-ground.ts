import { spawn } from 'node:child_process';
import { Client } from 'pg';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import type { PostgresOptions } from '../../app/registry/metadata/postgres-connection.ts';
import { type DatabaseUser, EVERYDAY_USERS, userName } from '../../app/registry/metadata/users.ts';
import { platformChart } from '../../constructs/registry/charts.ts';
import { USERS_SQL } from '../../constructs/registry/database-users.ts';
import { type Ended, millrace } from '../cli/front-door.ts';
import { manifests, named, site } from '../constructs/site.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

const PASSWORD = 'made-by-nobody';

/** A Postgres whose users were made as a provider makes them, and a database of their owner's. */
export interface DatabaseGround {
  readonly server: PostgresServer;
  /** How a user opens a database. @default the one of the environment */
  as(user: DatabaseUser, database?: string): PostgresOptions;
  /** One statement after the other, as that user. */
  say(user: DatabaseUser, statements: readonly string[], database?: string): Promise<void>;
  /** `millrace registry migrate` as the run has it: by its settings, as the owner. */
  migrate(user?: DatabaseUser, database?: string): Promise<Ended>;
}

/** Makes the users. */
export type Provider = (ground: DatabaseGround) => Promise<void>;

const OWNER = userName('owner');

/** RDS: its owner, no superuser, makes them by the run `database-users`, here twice. */
export const rds: Provider = async ({ server, say }) => {
  await server.admin('postgres', `alter role ${OWNER} createrole createdb password '${PASSWORD}'`);
  await server.admin('postgres', `create database millrace owner ${OWNER}`);
  await say('owner', [USERS_SQL, USERS_SQL]);
  for (const user of EVERYDAY_USERS) await say('owner', [`alter role ${userName(user)} password '${PASSWORD}'`]);
};

/** CloudNativePG: the operator makes them as its manifest says, as superuser, and the owner may make none. */
export const cloudNativePg: Provider = async ({ server }) => {
  const objects = manifests((app) => platformChart(app, site()));
  const { bootstrap, managed } = named(objects, 'Cluster', 'millrace-registry').spec;
  const { database, owner, postInitApplicationSQL } = bootstrap.initdb;
  await server.admin('postgres', `create database ${database} owner ${owner}`);
  for (const statement of postInitApplicationSQL) await server.admin(database, statement);
  for (const { name, createdb = false, inRoles = [] } of managed.roles) {
    await server.admin('postgres', `alter role ${name} ${createdb ? 'createdb' : 'nocreatedb'} password '${PASSWORD}'`);
    for (const other of inRoles) await server.admin('postgres', `grant ${other} to ${name}`);
  }
};

export async function databaseGround(provider: Provider): Promise<DatabaseGround> {
  const server = await startPostgres();
  const passwordFile = server.passwordFile(PASSWORD);
  const as = (user: DatabaseUser, database = 'millrace'): PostgresOptions => {
    return { host: 'localhost', port: server.port, database, user: userName(user), passwordFile, caFile: server.caFile };
  };
  const ground: DatabaseGround = {
    server,
    as,
    async say(user, statements, database) {
      const { passwordFile: _file, caFile: _ca, ...at } = as(user, database);
      const client = new Client({ ...at, password: PASSWORD, ssl: { rejectUnauthorized: false } });
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    },
    migrate: (user = 'owner', database = 'millrace') => migrated(as(user, database), server.folder()),
  };
  await provider(ground);
  return ground;
}

function migrated(options: PostgresOptions, folder: string): Promise<Ended> {
  const child = spawn(process.execPath, [millrace, 'registry', 'migrate', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      MILLRACE_GROUND: 'cluster',
      MILLRACE_DATA_DIR: folder,
      MILLRACE_METADATA_HOST: options.host,
      MILLRACE_METADATA_PORT: String(options.port),
      MILLRACE_METADATA_DATABASE: options.database,
      MILLRACE_METADATA_USER: options.user,
      MILLRACE_METADATA_PASSWORD_FILE: options.passwordFile,
      MILLRACE_METADATA_CA_FILE: options.caFile,
      MILLRACE_WORKLOAD: 'registry-layout',
    },
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
    });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

/** A database as the grants before these made it: the writer owned tables, and sometimes the database. */
export async function oldDatabase({ server, as }: DatabaseGround, database: string, owner: DatabaseUser): Promise<void> {
  await server.admin('postgres', `create database ${database} owner ${userName(owner)}`);
  const users = EVERYDAY_USERS.map(userName).join(', ');
  const [writer, others, reader] = [userName('writer'), `${userName('gate')}, ${userName('keys')}`, userName('reader')];
  const by = `alter default privileges for role ${writer} in schema public grant`;
  for (const statement of [
    'revoke all on schema public from public',
    `revoke all on database ${database} from public`,
    `grant connect on database ${database} to ${users}`,
    `grant usage on schema public to ${users}`,
    `grant create on schema public to ${writer}`,
    `${by} select, insert, update, delete on tables to ${others}`,
    `${by} select on tables to ${reader}`,
  ])
    await server.admin(database, statement);
  const metadata = await openPostgresMetadata(as('writer', database));
  await metadata.db.insertInto('settings').values({ name: 'kept', value: 'by the writer' }).execute();
  await metadata.close();
}
