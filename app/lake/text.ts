import type { LakeCommit, LakeRow, LakeSnapshot, LakeValue } from './port.ts';

/** Longest cell that is printed whole, characters. */
const MAX_CELL = 60;

/** Rows as a table for a terminal. */
export function rowsText(rows: readonly LakeRow[]): string {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return 'no rows';
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name] ?? null)))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const numeric = names.map((name) => rows.every((row) => ['number', 'bigint'].includes(typeof row[name]) || row[name] === null));
  const print = (line: readonly string[]) =>
    line
      .map((text, column) => (numeric[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return lines.map(print).join('\n');
}

function cell(value: LakeValue): string {
  // A terminal would obey control characters that a row may hold.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const text = plain(value).replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}

function plain(value: LakeValue): string {
  if (value === null) return '';
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Rows as JSON can hold them: bytes as base64, whole numbers beyond 2^53 as text. */
export const jsonSafe = (rows: readonly LakeRow[]): readonly Readonly<Record<string, unknown>>[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonValue(value)])));

function jsonValue(value: LakeValue): unknown {
  if (typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? value.toString('base64') : value;
}

export const snapshotText = ({ table, version, rows, files }: LakeSnapshot): string =>
  `${table} version ${version}: ${rows} rows in ${files.length} file${files.length === 1 ? '' : 's'}`;

export const historyText = (commits: readonly LakeCommit[]): string =>
  rowsText(
    commits.map(({ version, timestampMs, operation, info }) => ({
      version,
      time: new Date(timestampMs).toISOString(),
      operation,
      info: Object.entries(info)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    })),
  );
