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
