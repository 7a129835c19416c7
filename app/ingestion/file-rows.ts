import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import { CsvError, type Info, parse } from 'csv-parse';
import { ingestionError } from './errors.ts';

/** One row of a file as it stands there: CSV values are text, the others keep their types. `line` counts from 1. */
export interface FileRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type FileFormat = 'csv' | 'jsonl' | 'parquet';

const ENDINGS: Readonly<Record<string, FileFormat>> = { csv: 'csv', jsonl: 'jsonl', ndjson: 'jsonl', parquet: 'parquet' };

/** Format by the file's ending. @throws MR_INGESTION_FILE_FORMAT */
export function fileFormat(path: string): FileFormat {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  const format = ENDINGS[ending ?? ''];
  if (format !== undefined) return format;
  throw ingestionError('MR_INGESTION_FILE_FORMAT', `${path} has no ending that is known`, {
    field: 'file',
    value: ending,
    expected: '.csv, .jsonl or .parquet',
  });
}

const READERS = { csv: csvRows, jsonl: jsonRows, parquet: parquetRows } as const;

/**
 * Reads a CSV (with a header), JSON lines or Parquet file row by row.
 * @throws MR_INGESTION_FILE_MISSING, MR_INGESTION_FILE_FORMAT, MR_INGESTION_FILE_BROKEN, MR_INGESTION_PARQUET_CORRUPT
 */
export async function* readFileRows(path: string): AsyncGenerator<FileRow> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) {
    throw ingestionError('MR_INGESTION_FILE_MISSING', `there is no file ${path}`, {
      field: 'file',
      value: path,
      expected: 'a readable file',
    });
  }
  yield* READERS[fileFormat(path)](path);
}

const broken = (path: string, line: number, column: string | undefined, expected: string, cause?: unknown) =>
  ingestionError(
    'MR_INGESTION_FILE_BROKEN',
    `${path}, line ${line}${column === undefined ? '' : `, column ${column}`} cannot be read`,
    {
      field: column ?? 'line',
      value: line,
      expected,
      cause,
    },
  );

/** A fault of one value, with the place where it stands. */
export const brokenValue = (path: string, line: number, column: string, value: unknown, expected: string) =>
  ingestionError(
    'MR_INGESTION_FILE_BROKEN',
    `${path}, line ${line}, column ${column}: '${String(value)}' is not what is expected`,
    { field: column, value, expected },
  );

async function* csvRows(path: string): AsyncGenerator<FileRow> {
  const parser = createReadStream(path).pipe(parse({ columns: true, info: true, bom: true, skip_empty_lines: true }));
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: Info }>)
      yield { line: info.lines, fields: record };
  } catch (cause) {
    if (cause instanceof CsvError)
      throw broken(path, Number(cause['lines'] ?? 0), undefined, "a row of the header's columns", cause);
    throw cause;
  }
}

async function* jsonRows(path: string): AsyncGenerator<FileRow> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    let fields: unknown;
    try {
      fields = JSON.parse(text);
    } catch (cause) {
      throw broken(path, line, undefined, 'one JSON object', cause);
    }
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw broken(path, line, undefined, 'one JSON object');
    yield { line, fields: fields as Readonly<Record<string, unknown>> };
  }
}

async function* parquetRows(path: string): AsyncGenerator<FileRow> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await instance.connect();
  try {
    await connection.run("set timezone = 'UTC'");
    const result = await connection.stream('select * from read_parquet($path)', { path });
    const names = result.deduplicatedColumnNames();
    let line = 0;
    for await (const chunk of result.yieldRowsJson()) {
      for (const values of chunk) {
        line += 1;
        yield { line, fields: Object.fromEntries(names.map((name, index) => [name, values[index]])) };
      }
    }
  } catch (cause) {
    throw ingestionError('MR_INGESTION_PARQUET_CORRUPT', `${path} is not a whole Parquet file`, {
      field: 'file',
      value: path,
      expected: 'a Parquet file',
      cause,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
