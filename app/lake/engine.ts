import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** DuckDB inside this process: bounded, offline, and able to touch nothing but the lake's files and its scratch folder. */
export interface Engine {
  connect(): Promise<DuckDBConnection>;
  /** A connection for the time of one piece of work. */
  using<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** Path of a new scratch file; whoever asks moves it away or deletes it. */
  scratch(suffix: string): string;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly scratchDir: string;
  /** Folders or addresses that SQL may read, beside the scratch folder. */
  readonly readable: readonly string[];
  /** @default '512MB' */
  readonly memory?: string;
  /** @default 2 */
  readonly threads?: number;
}

/** Scratch folders of this process. */
const mine = new Set<string>();

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const base = resolve(options.scratchDir);
  await mkdir(base, { recursive: true });
  await sweep(base);
  // A folder a process: two engines must not spill into the same files.
  const own = join(base, `${process.pid}-${randomUUID()}`);
  mine.add(own);
  await mkdir(own);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memory ?? '512MB',
    threads: String(options.threads ?? 2),
    temp_directory: join(own, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connect = async () => {
    const connection = await instance.connect();
    await connection.run("set timezone = 'UTC'");
    return connection;
  };
  const using: Engine['using'] = async (work) => {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  };
  await using(async (connection) => {
    await connection.run(`set global allowed_directories = [${[own, ...options.readable].map(literal).join(', ')}]`);
    await connection.run('set global enable_external_access = false');
  });
  return {
    connect,
    using,
    scratch: (suffix) => join(own, `${randomUUID()}${suffix}`),
    async close() {
      instance.closeSync();
      await rm(own, { recursive: true, force: true });
    },
  };
}

/** Removes the scratch folders of processes that are gone. */
async function sweep(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const pid = Number(/^(\d+)-[0-9a-f-]{36}$/.exec(name)?.[1]);
    // A container's process has the same id each time it is started; what bears it and is not ours is an earlier one's.
    const gone = pid === process.pid ? !mine.has(join(base, name)) : !isRunning(pid);
    if (pid > 0 && gone) await rm(join(base, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A text as an SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as an SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
