import { tablePrefix } from '../table-name.ts';

/** Keys of a table's log (PROTOCOL.md, "Delta Log Entries"): versions are padded to 20 digits, so byte order is their order. */
export interface LogKeys {
  readonly prefix: string;
  readonly hint: string;
  commit(version: number): string;
  checkpoint(version: number): string;
}

const padded = (version: number) => String(version).padStart(20, '0');

export function logKeys(table: string): LogKeys {
  const prefix = `${tablePrefix(table)}_delta_log/`;
  return {
    prefix,
    hint: `${prefix}_last_checkpoint`,
    commit: (version) => `${prefix}${padded(version)}.json`,
    checkpoint: (version) => `${prefix}${padded(version)}.checkpoint.parquet`,
  };
}

/** Commits and checkpoints among the listed keys, each ascending. */
export function versionsIn(keys: readonly string[]): {
  readonly commits: readonly number[];
  readonly checkpoints: readonly number[];
} {
  const versions = (pattern: RegExp) =>
    keys.flatMap((key) => {
      const match = pattern.exec(key);
      return match === null ? [] : [Number(match[1])];
    });
  return { commits: versions(/\/(\d{20})\.json$/), checkpoints: versions(/\/(\d{20})\.checkpoint\.parquet$/) };
}
