import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/** One server process of a test. Its output goes to `log`. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** How it ended, or undefined while it runs. */
  ended(): string | undefined;
  /** Asks it to end, and after `graceMs` (5,000) makes it. Ends this process and no other. */
  stop(graceMs?: number): Promise<void>;
}

let watchdog: ChildProcess | undefined;

/** Tells the watchdog, which outlives this process for a moment, whom to end when this process is gone. */
function tellWatchdog(line: string): void {
  if (watchdog === undefined) {
    const script = join(import.meta.dirname, 'watchdog.ts');
    watchdog = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    watchdog.unref();
    (watchdog.stdin as unknown as { unref(): void }).unref(); // a child's pipe is a socket, and must not keep the test alive
  }
  watchdog.stdin?.write(`${line}\n`);
}

/** Starts a program of the test with its output in `log`, as another user where `as` names one. */
export function startServer(
  name: string,
  file: string,
  args: readonly string[],
  log: string,
  as: { readonly uid?: number; readonly gid?: number } = {},
): Server {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', output, output], ...as });
  closeSync(output);
  child.unref(); // a server that nobody stops must not keep the test alive: the watchdog ends it
  let ended: string | undefined;
  const over = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      ended = signal ?? `code ${code}`;
      tellWatchdog(`-${child.pid}`);
      resolve();
    });
  });
  if (child.pid !== undefined) tellWatchdog(`+${child.pid}`);
  return {
    name,
    pid: child.pid ?? 0,
    log,
    ended: () => ended,
    async stop(graceMs = 5_000) {
      if (ended !== undefined) return;
      child.ref();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await over;
      clearTimeout(timer);
    },
  };
}

/** The last lines that a server wrote. */
export const lastWords = (server: Server): string => readFileSync(server.log, 'utf8').trimEnd().split('\n').slice(-15).join('\n');

/** Free TCP ports of loopback, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const probes = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const probe = createServer();
          probe.once('error', reject);
          probe.listen(0, '127.0.0.1', () => resolve(probe));
        }),
    ),
  );
  const ports = probes.map((probe) => (probe.address() as { port: number }).port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}
