import { type Command, InvalidArgumentError } from 'commander';
import type { Runtime } from '../app/runtime.ts';
import { readSettings } from '../app/settings.ts';
import type { RunningWorkload } from '../pipelines/workloads/running.ts';
import type { CommandContext } from './command.ts';

interface Flags {
  readonly port: number;
  readonly host: string;
}

export interface Place {
  readonly runtime: Runtime;
  readonly port: number;
  readonly host: string;
}

const DEFAULT = { port: '8080', host: '127.0.0.1' } as const;

function portIn(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535; 0 takes a free one.');
  return port;
}

/**
 * Makes a command that runs one workload until it is told to stop: it says where it answers, drains on SIGTERM or Ctrl-C, and
 * ends with 0. Where to listen is a flag, else MILLRACE_HTTP_PORT and MILLRACE_HTTP_HOST.
 */
export function untilTold(command: Command, context: CommandContext, start: (place: Place) => Promise<RunningWorkload>): void {
  command
    .option('--port <port>', `port to listen on, 0 for a free one; MILLRACE_HTTP_PORT, else ${DEFAULT.port}`, portIn)
    .option('--host <host>', `address to listen on; MILLRACE_HTTP_HOST, else ${DEFAULT.host}`)
    .action(async (flags: Partial<Flags>) => {
      const settings = readSettings(process.env);
      const port = flags.port ?? Number(settings.MILLRACE_HTTP_PORT ?? DEFAULT.port);
      const host = flags.host ?? settings.MILLRACE_HTTP_HOST ?? DEFAULT.host;
      // Told while it still starts, it stops as soon as it has.
      const told = new Promise<NodeJS.Signals>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
      });
      const runtime = await context.open({ create: true });
      const running = await start({ runtime, port, host });
      const workload = `${command.parent?.name()} ${command.name()}`;
      context.answer({ workload, url: running.url }, `${workload}: ${running.url}`);
      const signal = await told;
      runtime.logger.info({ workload, signal }, 'told to stop, draining');
      await running.close();
    });
}
