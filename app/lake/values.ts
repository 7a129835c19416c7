import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  SQLNULL,
  VARCHAR,
} from '@duckdb/node-api';
import type { LakeValue } from './port.ts';

/**
 * A value of DuckDB as a value of the lake: whole numbers as numbers where safe, else bigints; instants as microseconds;
 * bytes as Buffers; lists as arrays; structs as plain objects; what JavaScript lacks (dates, intervals, uuids) as text.
 */
export function fromDuckDB(value: DuckDBValue): LakeValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return safe(value);
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return safe(value.micros);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes);
  if (value instanceof DuckDBListValue) return value.items.map(fromDuckDB) as unknown as readonly string[];
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBStructValue) {
    const entries = Object.entries(value.entries).map(([name, inner]) => [name, fromDuckDB(inner)] as const);
    // A struct has no place in LakeValue; a caller that asks for one names the type of its rows.
    return Object.fromEntries(entries) as unknown as LakeValue;
  }
  return String(value);
}

const safe = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/**
 * A query parameter and its type: whole numbers are BIGINT, other numbers DOUBLE, arrays lists. An instant is passed in
 * microseconds and turned by SQL: `event_time <= make_timestamptz($at)`.
 */
export function toDuckDB(value: LakeValue): { readonly value: DuckDBValue; readonly type: DuckDBType } {
  if (value === null) return { value: null, type: SQLNULL };
  if (typeof value === 'string') return { value, type: VARCHAR };
  if (typeof value === 'boolean') return { value, type: BOOLEAN };
  if (typeof value === 'bigint') return { value, type: BIGINT };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { value: BigInt(value), type: BIGINT } : { value, type: DOUBLE };
  if (Buffer.isBuffer(value)) return { value: new DuckDBBlobValue(value), type: BLOB };
  return list(value as readonly (string | number)[]);
}

function list(items: readonly (string | number)[]): { readonly value: DuckDBValue; readonly type: DuckDBType } {
  if (items.every((item) => typeof item === 'string')) return { value: new DuckDBListValue(items), type: LIST(VARCHAR) };
  if (items.every(Number.isSafeInteger))
    return { value: new DuckDBListValue(items.map((item) => BigInt(item))), type: LIST(BIGINT) };
  return { value: new DuckDBListValue(items.map(Number)), type: LIST(DOUBLE) };
}
