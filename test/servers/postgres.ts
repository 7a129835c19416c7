import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresOptions } from '../../app/registry/metadata/postgres-connection.ts';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';
import { certificateAuthority } from './certificate-authority.ts';

/** A real Postgres on loopback: TLS alone, SCRAM, an owner of each database, as the constructs set it up. */
export interface PostgresServer {
  readonly port: number;
  readonly caFile: string;
  /** A new, empty database, and how its owner opens it. */
  database(): Promise<PostgresOptions>;
  /** Runs statements as the superuser. */
  admin(database: string, sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Writes a password into a file of its own and returns its path. */
  passwordFile(password: string): string;
  /** A new, empty folder that goes with the server. */
  folder(): string;
  /** Ends the server as a power cut would, and all its sessions. */
  kill(): Promise<void>;
  /** Starts it again over the same files, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const OWNER = 'millrace_owner';
const SUPERUSER = 'postgres';
const PASSWORD = 'correct horse battery staple';
/** Postgres refuses to run as root; this number is `nobody` where there is such a name. */
const NOBODY = 65_534;

const CONFIG = (port: number) => `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.3'
password_encryption = 'scram-sha-256'
shared_buffers = '32MB'
# Servers here are killed, machines are not.
fsync = off
max_connections = 60
`;

export async function startPostgres(): Promise<PostgresServer> {
  const bin = execFileSync(join(import.meta.dirname, '../../scripts/servers/postgres'), { encoding: 'utf8' })
    .trim()
    .split('\n')
    .at(-1);
  const dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-'));
  chmodSync(dir, 0o755);
  const root = process.getuid?.() === 0;
  const as = root ? { uid: NOBODY, gid: NOBODY } : {};
  let programs = bin ?? '';
  if (root) {
    // The cache may lie where nobody else may look.
    cpSync(join(programs, '..'), join(dir, 'programs'), { recursive: true, verbatimSymlinks: true });
    programs = join(dir, 'programs/bin');
  }
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (root) chownSync(data, NOBODY, NOBODY);
  const secret = (name: string, text: string) => {
    const file = join(dir, name);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  };
  const superuserFile = secret('superuser', PASSWORD);
  if (root) chownSync(superuserFile, NOBODY, NOBODY);
  const how = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${superuserFile}`];
  execFileSync(join(programs, 'initdb'), ['--pgdata', data, '--no-sync', ...how], {
    ...as,
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  });

  const authority = certificateAuthority(join(dir, 'certificates'));
  const server = authority.signed('server', 'localhost', 'DNS:localhost');
  for (const [from, name] of [
    [server.crt, 'server.crt'],
    [server.key, 'server.key'],
  ] as const) {
    copyFileSync(from, join(data, name));
    chmodSync(join(data, name), 0o600);
    if (root) chownSync(join(data, name), NOBODY, NOBODY);
  }
  const [port] = (await freePorts(1)) as [number];
  writeFileSync(join(data, 'postgresql.auto.conf'), CONFIG(port));
  writeFileSync(join(data, 'pg_hba.conf'), 'hostnossl all all all reject\nhostssl all all all scram-sha-256\n');

  const admin = async (database: string, sql: string) => {
    const client = new Client({
      host: '127.0.0.1',
      port,
      database,
      user: SUPERUSER,
      password: PASSWORD,
      ssl: { rejectUnauthorized: false },
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  let running: Server;
  const start = async () => {
    const run = () => startServer('postgres', join(programs, 'postgres'), ['-D', data], join(dir, 'postgres.log'), as);
    running = run();
    await until('Postgres answers', async () => {
      if (running.ended() !== undefined) {
        const words = lastWords(running);
        if (!/shared memory block .* is still in use/.test(words.split('\n').slice(-2).join(' '))) throw new Hopeless(words);
        // Sessions of the one that was killed are about to see it.
        running = run();
      }
      await admin('postgres', 'select 1');
      return true;
    });
  };
  await start();
  await admin('postgres', `create role ${OWNER} login password '${PASSWORD}'`);
  let made = 0;
  let written = 0;
  return {
    port,
    caFile: authority.ca.crt,
    async database() {
      made += 1;
      const database = `metadata_${made}`;
      await admin('postgres', `create database ${database} owner ${OWNER}`);
      const caFile = authority.ca.crt;
      return { host: 'localhost', port, database, user: OWNER, passwordFile: secret('owner', PASSWORD), caFile };
    },
    admin,
    passwordFile(password) {
      written += 1;
      return secret(`password-${written}`, password);
    },
    folder: () => mkdtempSync(join(dir, 'folder-')),
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.stop();
    },
    start,
    async stop() {
      if (running.ended() === undefined) process.kill(running.pid, 'SIGINT');
      await running.stop(10_000);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
