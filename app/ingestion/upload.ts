import { basename } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { Metadata } from '../registry/metadata/port.ts';
import type { EventType } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { Fault } from '../validation/fault.ts';
import { ingestionError } from './errors.ts';
import { type FileFormat, type FileRow, fileFormat, readFileRows } from './file-rows.ts';
import type { Intake } from './intake.ts';
import { checkedManifest } from './manifest.ts';

export interface UploadOptions {
  readonly usecase: UseCase;
  /** Name of the event that the rows are. */
  readonly event: string;
  readonly path: string;
  readonly intake: Pick<Intake, 'accept'>;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rows taken in together. @default 1000 */
  readonly batch?: number;
  readonly onProgress?: (rows: number, of: number) => void;
}

export interface UploadReport {
  readonly file: string;
  readonly rows: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
  /** First row of this call; above 0 where an earlier one was cut short, `rows` where the file was done already. */
  readonly from: number;
  /** The first refused rows; all of them are dead letters. */
  readonly faults: readonly { readonly line: number; readonly faults: readonly Fault[] }[];
}

const LISTED = 20;

/**
 * Takes a file of events in: CSV with a header, JSON lines or Parquet, with a manifest beside it. Progress is kept by the
 * file's digest, so an upload that a crash cut short goes on at its row, and one that is done is not read again.
 * @throws MR_INGESTION_SOURCE_UNDECLARED, MR_INGESTION_MANIFEST_MISSING, MR_INGESTION_UPLOAD_INCOMPLETE,
 * MR_INGESTION_FILE_BROKEN naming the line, MR_INGESTION_PARQUET_CORRUPT
 */
export async function upload(options: UploadOptions): Promise<UploadReport> {
  const { usecase, path, metadata, clock } = options;
  const format = fileFormat(path);
  const event = declared(usecase, options.event, format);
  const manifest = await checkedManifest(path);
  const source = `${usecase.name}.${event.name}`;
  const key = { source, sha256: manifest.sha256 };
  const count = { accepted: 0, duplicates: 0, refused: 0 };
  const faults: { line: number; faults: readonly Fault[] }[] = [];

  const before = await metadata.db
    .selectFrom('uploads')
    .select(['state', 'next_row'])
    .where('source', '=', source)
    .where('sha256', '=', manifest.sha256)
    .executeTakeFirst();
  const from = before?.next_row ?? 0;
  const report = (rows: number): UploadReport => ({ file: basename(path), rows, ...count, from, faults });
  if (before?.state === 'done') return report(from);
  if (from > 0) options.logger.info({ file: path, row: from }, 'going on where the upload was cut short');

  const save = async (next_row: number, state: 'reading' | 'done') => {
    const row = { ...key, name: basename(path), rows: manifest.rows, state, next_row, at: clock.now() };
    await metadata.db
      .insertInto('uploads')
      .values(row)
      .onConflict((conflict) => conflict.columns(['source', 'sha256']).doUpdateSet({ state, next_row, at: row.at }))
      .execute();
  };
  const take = async (rows: readonly FileRow[], next: number) => {
    const wires = rows.map(({ fields }) => (format === 'jsonl' ? fields : wireOf(event, fields)));
    const receipts = await options.intake.accept(event.name, wires, basename(path));
    crashPoint('ingestion.upload.after-batch');
    for (const [i, receipt] of receipts.entries()) {
      if (receipt.status !== 'refused') {
        count[receipt.status === 'accepted' ? 'accepted' : 'duplicates'] += 1;
        continue;
      }
      count.refused += 1;
      if (faults.length < LISTED) faults.push({ line: rows[i]?.line ?? 0, faults: receipt.faults });
    }
    await save(next, 'reading');
    options.onProgress?.(next, manifest.rows);
  };

  let next = 0;
  let batch: FileRow[] = [];
  for await (const row of readFileRows(path)) {
    next += 1;
    if (next <= from) continue;
    batch.push(row);
    if (batch.length < (options.batch ?? 1000)) continue;
    await take(batch, next);
    batch = [];
  }
  if (batch.length > 0) await take(batch, next);
  if (next !== manifest.rows) {
    options.logger.warn({ file: path, rows: next, manifest: manifest.rows }, 'the manifest counts other rows than the file has');
  }
  await save(next, 'done');
  return report(next);
}

function declared(usecase: UseCase, name: string, format: FileFormat): EventType {
  const event = usecase.events.find((candidate) => candidate.name === name);
  const formats = usecase.sources.flatMap((source) => (source.kind === 'upload' && source.into === name ? source.formats : []));
  if (event !== undefined && formats.includes(format)) return event;
  throw ingestionError('MR_INGESTION_SOURCE_UNDECLARED', `${usecase.name} takes no ${format} upload into '${name}'`, {
    field: event === undefined ? 'event' : 'file',
    value: event === undefined ? name : format,
    expected: formats.length > 0 ? formats.join(', ') : `one of ${usecase.events.map((candidate) => candidate.name).join(', ')}`,
  });
}

/** CSV and Parquet hold numbers, flags and times in their own way; what cannot be read stays as it is, for the door to refuse. */
function wireOf(event: EventType, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, wireValue(event.fields[name], value)]));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function wireValue(field: Field | undefined, value: unknown): unknown {
  if (value === '' || value === null) return null;
  if (typeof value !== 'string' || field === undefined) return value;
  if (field.type === 'double' || field.type === 'long') return NUMBER.test(value) ? Number(value) : value;
  if (field.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return field.type === 'timestamp' ? wireTime(value) : value;
}

/** DuckDB writes `2026-01-31 09:30:00` for a time of UTC and `2026-01-31 09:30:00+00` for one with a zone. */
export function wireTime(text: string): string {
  const [, day, time, zone] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(text) ?? [];
  if (day === undefined) return text;
  const offset = zone === undefined ? 'Z' : /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  return `${day}T${time}${offset}`;
}
