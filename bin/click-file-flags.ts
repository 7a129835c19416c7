import { statSync } from 'node:fs';
import { errorTable } from '../app/errors.ts';
import type { ClickFileOptions } from '../pipelines/loop/start.ts';

const errors = errorTable({
  MR_CLI_FLAG_INVALID: { status: 400, title: 'A flag cannot be read', next: 'See `npm start -- --help`.' },
});

export interface FileFlags {
  readonly from?: string;
  readonly map?: string;
  readonly timeUnit: string;
  readonly set?: string;
}

/** The three ports of a loop, in a row; 0 lets the system choose each. @throws MR_CLI_FLAG_INVALID */
export function portsOf(text: string): { readonly page: number; readonly collector: number; readonly serving: number } {
  const page = Number(text);
  if (!/^\d+$/.test(text) || page > 65_533) {
    throw errors.error('MR_CLI_FLAG_INVALID', `'${text}' is not a port`, {
      field: '--port',
      value: text,
      expected: '0, or 1 to 65533: the two ports after it are taken as well',
    });
  }
  return page === 0 ? { page, collector: 0, serving: 0 } : { page, collector: page + 1, serving: page + 2 };
}

/** @throws MR_CLI_FLAG_INVALID where `--data` names a file */
export function checkDataFolder(data: string): void {
  if (statSync(data, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw errors.error('MR_CLI_FLAG_INVALID', `'${data}' is not a folder`, {
      field: '--data',
      value: data,
      expected: 'a folder, or a name that is free for one',
    });
  }
}

const UNITS = ['s', 'ms', 'us', 'iso'] as const;

/** @throws MR_CLI_FLAG_INVALID naming the flag */
export function clickFileOptions(flags: FileFlags): ClickFileOptions | undefined {
  if (flags.from === undefined) return undefined;
  const timeUnit = UNITS.find((unit) => unit === flags.timeUnit);
  if (timeUnit === undefined) {
    throw errors.error('MR_CLI_FLAG_INVALID', `'${flags.timeUnit}' is not a unit of time`, {
      field: '--time-unit',
      value: flags.timeUnit,
      expected: UNITS.join(', '),
    });
  }
  return { path: flags.from, map: pairs('--map', flags.map), timeUnit, set: pairs('--set', flags.set) };
}

function pairs(flag: string, text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name, value, ...rest] = pair.split('=');
      if (!name || value === undefined || rest.length > 0) {
        throw errors.error('MR_CLI_FLAG_INVALID', `'${pair}' is not a pair`, {
          field: flag,
          value: pair,
          expected: 'name=value,name=value',
        });
      }
      return [name.trim(), value.trim()];
    }),
  );
}
