import { DAY, type Micros } from '../clock/port.ts';
import { formatTimestamp } from '../clock/timestamp.ts';
import type { EventType } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { parseTimestamp } from '../validation/rfc3339.ts';
import { ingestionError } from './errors.ts';
import { brokenValue, type FileRow, readFileRows } from './file-rows.ts';
import { digestOf } from './manifest.ts';
import { wireTime } from './upload.ts';

export interface ClickFileRequest {
  readonly path: string;
  /** Field to column; a field not named here is read from the column of its own name. */
  readonly map: Readonly<Record<string, string>>;
  readonly timeUnit: 's' | 'ms' | 'us' | 'iso';
  /** Constant fields. */
  readonly set: Readonly<Record<string, string>>;
  readonly usecase: UseCase;
}

export interface ClickFile {
  readonly rows: number;
  readonly from: Micros;
  readonly to: Micros;
  /** Digest of the file, hex; event ids are made of it and the line, so that a second replay doubles nothing. */
  readonly sha256: string;
  /** Wire events in time order. */
  events(): AsyncIterable<{ readonly at: Micros; readonly wire: unknown }>;
  /** The use case as the file can keep to it: no limit on nulls of a field that it never fills. */
  readonly usecase: UseCase;
  /** Rows of a table that the ids alone can give. */
  tableRows(table: string): readonly unknown[];
}

interface Click {
  readonly at: Micros;
  readonly line: number;
  readonly wire: Record<string, unknown>;
}

const UNIT = { s: 1_000_000, ms: 1000, us: 1 } as const;

/**
 * A person's own click file as a stream of the use case's event, sorted by time in memory (about 300 bytes a row).
 * Errors name file, line and column. @throws MR_INGESTION_FILE_BROKEN, MR_INGESTION_COLUMN_UNMAPPED, MR_INGESTION_FILE_MISSING
 */
export async function openClickFile(request: ClickFileRequest): Promise<ClickFile> {
  const { usecase, path } = request;
  const event = usecase.model.label.event;
  checkFlags(event, request);
  checkPersonal(event, request.map, path);
  const { sha256 } = await digestOf(path);
  const events: Click[] = [];
  let read: ((row: FileRow) => Omit<Click, 'line'>) | undefined;
  for await (const row of readFileRows(path)) {
    read ??= rowReader(event, request, Object.keys(row.fields), sha256);
    events.push({ line: row.line, ...read(row) });
  }
  const [first] = events;
  if (first === undefined)
    throw ingestionError('MR_INGESTION_FILE_BROKEN', `${path} holds no row`, {
      field: 'file',
      value: path,
      expected: 'at least one row',
    });
  events.sort((a, b) => a.at - b.at || a.line - b.line);
  return {
    rows: events.length,
    from: events[0]?.at ?? first.at,
    to: events.at(-1)?.at ?? first.at,
    sha256,
    usecase: asFilled(usecase, event, events),
    async *events() {
      yield* events;
    },
    tableRows: (table) => rowsOf(usecase, table, events),
  };
}

/** A limit on nulls guards against a source that breaks; a file without the column is not broken. */
function asFilled(usecase: UseCase, event: EventType, clicks: readonly Click[]): UseCase {
  const filled = ([name]: readonly [string, number]) => clicks.some(({ wire }) => (wire[name] ?? null) !== null);
  const nullRate = Object.fromEntries(Object.entries(event.rules.nullRate).filter(filled));
  const relaxed = { ...event, rules: { ...event.rules, nullRate } };
  return { ...usecase, events: usecase.events.map((one) => (one.name === event.name ? relaxed : one)) };
}

/** Rows of the table that the label's items are keys of: the id alone is known, the rest is null, 0 or says so. */
function rowsOf(usecase: UseCase, name: string, events: readonly Click[]): readonly unknown[] {
  if (usecase.kind !== 'recommender') return [];
  const { item: field } = usecase.model.label;
  const table = usecase.tables.find((candidate) => candidate.name === name && candidate.key === field);
  if (table === undefined) return [];
  const items = [...new Set(events.map(({ wire }) => String(wire[field])))];
  const unknown = (name: string, field: Field, item: string): unknown => {
    if (name === table.key || name === 'title') return item;
    if (field.nullable) return null;
    if (field.type === 'string') return field.values?.[0] ?? 'unknown';
    return field.type === 'boolean' ? false : (field.range?.[0] ?? 0);
  };
  return items.map((item) =>
    Object.fromEntries(Object.entries<Field>(table.fields).map(([name, field]) => [name, unknown(name, field, item)])),
  );
}

function checkFlags(event: EventType, { map, set }: ClickFileRequest): void {
  for (const [flag, names] of [
    ['--map', map],
    ['--set', set],
  ] as const) {
    const stray = Object.keys(names).find((name) => !(name in event.fields));
    if (stray === undefined) continue;
    throw ingestionError('MR_INGESTION_FLAG_INVALID', `${event.name} has no field '${stray}'`, {
      field: flag,
      value: stray,
      expected: Object.keys(event.fields).join(', '),
    });
  }
}

/** A person's id in a field of another class would stay in the clear for ever. */
function checkPersonal(event: EventType, map: ClickFileRequest['map'], path: string): void {
  const subject = Object.keys(event.fields).find((name) => event.fields[name]?.subject);
  if (subject === undefined) return;
  const column = map[subject] ?? subject;
  const leak = Object.entries(map).find(([name, from]) => from === column && event.fields[name]?.class !== 'pii');
  if (leak === undefined) return;
  throw ingestionError(
    'MR_INGESTION_FLAG_INVALID',
    `the column '${column}' of ${path} names a person, the field ${leak[0]} does not`,
    {
      field: `--map ${leak[0]}`,
      value: column,
      expected: 'a column without personal data',
    },
  );
}

/** How one row becomes an event: decided once, by the columns of the first row. */
function rowReader(event: EventType, request: ClickFileRequest, columns: readonly string[], sha256: string) {
  const { path, map, set, timeUnit } = request;
  const sources = Object.entries(event.fields).map(([name, field]) => {
    const column = map[name] ?? name;
    if (name in set) return { name, field, constant: constantOf(name, field, set[name] as string) };
    if (columns.includes(column)) return { name, field, column };
    if (name === event.id || field.nullable) return { name, field };
    throw ingestionError('MR_INGESTION_COLUMN_UNMAPPED', `${path} has no column '${column}' for the field ${name}`, {
      field: `--map ${name}`,
      value: column,
      expected: `one of ${columns.join(', ')}`,
    });
  });
  return ({ line, fields }: FileRow) => {
    const wire: Record<string, unknown> = {};
    let at: Micros = 0;
    for (const { name, field, column, constant } of sources) {
      if (constant !== undefined) wire[name] = constant;
      else if (column === undefined) wire[name] = name === event.id ? `${sha256.slice(0, 16)}-${line}` : null;
      else if (name === event.time) {
        at = timeOf(fields[column], timeUnit, path, line, column);
        wire[name] = formatTimestamp(at);
      } else wire[name] = fieldValue(fields[column], field, path, line, column);
    }
    return { at, wire };
  };
}

function constantOf(name: string, field: Field, text: string): unknown {
  if (field.type === 'string') return text;
  const value = field.type === 'boolean' ? text === 'true' : Number(text);
  if (typeof value === 'boolean' || Number.isFinite(value)) return value;
  throw ingestionError('MR_INGESTION_FLAG_INVALID', `'${text}' is no value of ${name}`, {
    field: `--set ${name}`,
    value: text,
    expected: field.type,
  });
}

function timeOf(value: unknown, unit: ClickFileRequest['timeUnit'], path: string, line: number, column: string): Micros {
  if (unit === 'iso') {
    const at = parseTimestamp(wireTime(String(value)));
    if (at === undefined) throw brokenValue(path, line, column, value, 'a time as in RFC 3339');
    return at;
  }
  const number = typeof value === 'number' ? value : Number(String(value));
  const at = Math.round(number * UNIT[unit]);
  if (value === '' || value === null || !Number.isSafeInteger(at) || Math.abs(at) > 400_000 * DAY)
    throw brokenValue(path, line, column, value, `a time in ${unit}`);
  return at;
}

function fieldValue(value: unknown, field: Field, path: string, line: number, column: string): unknown {
  if (value === null || value === undefined || value === '') {
    if (field.nullable) return null;
    throw brokenValue(path, line, column, value, `a ${field.type}`);
  }
  if (field.type === 'string') return String(value);
  if (field.type === 'boolean') {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw brokenValue(path, line, column, value, 'true or false');
  }
  const number = Number(value);
  if (!Number.isFinite(number)) throw brokenValue(path, line, column, value, 'a number');
  return number;
}
