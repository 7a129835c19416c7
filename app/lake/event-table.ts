import type { StoredRecord } from '../ingestion/event-log/port.ts';
import type { EventType, Fields, TableType } from '../usecases/event.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { Field } from '../usecases/field.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { Column } from './delta/schema.ts';
import { fits } from './parquet-writer.ts';
import type { LakeRow, LakeType, TableSpec } from './port.ts';

type Named = Pick<UseCase, 'name'> | string;

/** Where a row came from in the event log, and when the log took it. */
const ORIGIN: readonly Column[] = [
  { name: '_partition', type: 'long', nullable: false },
  { name: '_offset', type: 'long', nullable: false },
  { name: '_ingested_at', type: 'timestamp', nullable: false },
];

const nameOf = (usecase: Named) => (typeof usecase === 'string' ? usecase : usecase.name);

/** A sealed field is text whatever it was before: `enc:v1:…`, or the subject's pseudonym. */
const typeOf = (field: Field): LakeType => (field.class === 'pii' ? 'string' : field.type);

const columnsOf = (fields: Fields): readonly Column[] =>
  Object.entries(fields).map(([name, field]) => ({ name, type: typeOf(field), nullable: field.nullable }));

/** `<usecase>.<event>`: the event's fields, sealed, and where each row came from. */
export const eventTable = (usecase: Named, event: EventType): TableSpec => ({
  name: `${nameOf(usecase)}.${event.name}`,
  columns: [...columnsOf(event.fields), ...ORIGIN],
});

/** `<usecase>.<event>_quarantine`: rows of batches that failed their audit, with the reason in `_reason`. */
export const quarantineTable = (usecase: Named, event: EventType): TableSpec => ({
  name: `${nameOf(usecase)}.${event.name}_quarantine`,
  columns: [...columnsOf(event.fields), ...ORIGIN, { name: '_reason', type: 'string', nullable: true }],
});

/** `<usecase>.<table>`: rows by key, the one with the newest `_ingested_at` counts. */
export const catalogueTable = (usecase: Named, table: TableType): TableSpec => ({
  name: `${nameOf(usecase)}.${table.name}`,
  columns: [...columnsOf(table.fields), { name: '_ingested_at', type: 'timestamp', nullable: true }],
});

/** `<usecase>.prediction`: every answer of the serving layer. `feature_offset` is the next offset the features had applied. */
export const predictionTable = (usecase: Named): TableSpec => ({
  name: `${nameOf(usecase)}.prediction`,
  columns: [
    { name: 'request_id', type: 'string', nullable: false },
    { name: 'unit_id', type: 'string', nullable: false },
    { name: 'version', type: 'long', nullable: false },
    { name: 'user_id', type: 'string', nullable: true },
    { name: 'at', type: 'timestamp', nullable: false },
    { name: 'feature_partition', type: 'long', nullable: true },
    { name: 'feature_offset', type: 'long', nullable: true },
    { name: 'features', type: 'string', nullable: false },
    { name: 'items', type: 'string[]', nullable: false },
    { name: 'scores', type: 'float[]', nullable: false },
    { name: 'fallback', type: 'string', nullable: true },
    { name: 'confidence', type: 'double', nullable: true },
    { name: 'latency_ms', type: 'double', nullable: false },
    ...ORIGIN,
  ],
});

/** `<usecase>.<view>`: one sealed vector per entity and release unit. */
export const embeddingTable = (usecase: Named, view: EmbeddingView): TableSpec => ({
  name: `${nameOf(usecase)}.${view.name}`,
  columns: [
    { name: view.entity.joinKey, type: 'string', nullable: false },
    { name: '_unit', type: 'string', nullable: false },
    { name: 'vector', type: 'binary', nullable: false },
    { name: '_learnt_at', type: 'timestamp', nullable: false },
  ],
});

/**
 * Reads a log record as a row of the given columns; undefined where it is not a JSON object or a value does not fit its
 * column, so that one wrong record cannot stop a sink. Other properties are left out.
 */
export function decodeInto(table: TableSpec): (record: StoredRecord) => LakeRow | undefined {
  const own = new Set(ORIGIN.map(({ name }) => name));
  const columns = table.columns.filter(({ name }) => !own.has(name));
  return (record) => {
    const value = parse(record.value);
    if (value === undefined) return undefined;
    const row: Record<string, LakeRow[string]> = {};
    for (const column of columns) {
      const item = (value[column.name] ?? null) as LakeRow[string];
      if (!fits(column, item)) return undefined;
      row[column.name] = item;
    }
    row._partition = record.partition;
    row._offset = record.offset;
    row._ingested_at = record.appendedAtMs * 1000;
    return row;
  };
}

/** Reads a sealed event of the log as a row of its table. */
export const decodeEvent = (event: EventType): ((record: StoredRecord) => LakeRow | undefined) =>
  decodeInto(eventTable('usecase', event));

function parse(value: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
