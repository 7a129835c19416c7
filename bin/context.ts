import { existsSync } from 'node:fs';
import { openClock } from '../app/clock/embedded.ts';
import { errorTable } from '../app/errors.ts';
import { openRuntime, type Runtime } from '../app/runtime.ts';
import { readSettings } from '../app/settings.ts';
import { loadUseCase } from '../app/usecases/load.ts';
import type { CommandContext } from './command.ts';

const errors = errorTable({
  MR_CLI_DATA_MISSING: {
    status: 404,
    title: 'There is no data folder',
    next: 'Run `npm start` once, or name the folder with --data.',
  },
});

interface GlobalOptions {
  readonly data: string;
  readonly usecase: string;
  readonly json?: boolean;
}

/** One data folder and one output for all commands of a call. */
export function commandContext(options: () => GlobalOptions): CommandContext & { close(): Promise<void>; exitCode(): number } {
  let runtime: Runtime | undefined;
  return {
    options,
    open: async ({ create = false } = {}) => {
      const { data } = options();
      // On a cluster the folder is a pod's scratch, and all that lasts is in the stores.
      const lasting = readSettings(process.env).MILLRACE_GROUND !== 'cluster';
      if (lasting && !create && !existsSync(data))
        throw errors.error('MR_CLI_DATA_MISSING', `There is no data folder at '${data}'`, {
          field: '--data',
          value: data,
          expected: 'a folder made by npm start',
        });
      runtime ??= openRuntime({ dataDir: data, clock: openClock(data) });
      return runtime;
    },
    usecase: () => loadUseCase(options().usecase),
    answer: (value, human) => {
      process.stdout.write(`${options().json ? JSON.stringify(value) : human}\n`);
    },
    close: async () => {
      await runtime?.close();
    },
    exitCode: () => Number(process.exitCode ?? 0),
  };
}
