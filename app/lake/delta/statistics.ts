import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier } from '../engine.ts';
import type { LakeType } from '../port.ts';
import type { Column } from './schema.ts';

/** Texts longer than this enter the statistics cut short. */
const MAX_TEXT = 32;

/** Types whose smallest and largest value are recorded. */
const ORDERED = new Set<LakeType>(['string', 'long', 'double', 'timestamp']);

/**
 * The `stats` text of an `add` (PROTOCOL.md, "Per-file Statistics") for a relation: a table name or a table function call.
 * Bounds are always true: a long text's upper bound is raised after the cut, a timestamp's to the next millisecond.
 */
export async function measure(
  connection: DuckDBConnection,
  relation: string,
  columns: readonly Column[],
): Promise<{ rows: number; stats: string }> {
  const parts = columns.flatMap(({ name, type }, index) => {
    const column = identifier(name);
    const nulls = `count(*) - count(${column}) as n${index}`;
    return ORDERED.has(type)
      ? [nulls, `${asText(`min(${column})`, type)} as a${index}`, `${asText(`max(${column})`, type)} as z${index}`]
      : [nulls];
  });
  const result = await connection.runAndReadAll(`select count(*) as rows, ${parts.join(', ')} from ${relation}`);
  const row = result.getRowObjects()[0] ?? {};
  const entries = (letter: string, read: (text: string, type: LakeType) => string | undefined) =>
    columns.flatMap(({ name, type }, index) => {
      const value = row[`${letter}${index}`];
      const text = typeof value === 'string' ? read(value, type) : undefined;
      return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
    });
  const nullCount = columns.map(({ name }, index) => `${JSON.stringify(name)}:${row[`n${index}`]}`);
  const rows = Number(row.rows);
  const stats =
    `{"numRecords":${rows},"minValues":{${entries('a', lower)}},"maxValues":{${entries('z', upper)}},` +
    `"nullCount":{${nullCount}},"tightBounds":true}`;
  return { rows, stats };
}

/** Numbers as text, since a long may not fit a JavaScript number; timestamps as microseconds. */
const asText = (sql: string, type: LakeType) => (type === 'timestamp' ? `epoch_us(${sql})::varchar` : `${sql}::varchar`);

function lower(text: string, type: LakeType): string | undefined {
  if (type === 'string') return JSON.stringify([...text].slice(0, MAX_TEXT).join(''));
  if (type === 'timestamp') return iso(Math.floor(Number(text) / 1000));
  return number(text, type);
}

function upper(text: string, type: LakeType): string | undefined {
  if (type === 'timestamp') return iso(Math.ceil(Number(text) / 1000));
  if (type !== 'string') return number(text, type);
  const points = [...text];
  if (points.length <= MAX_TEXT) return JSON.stringify(text);
  // The highest code point after the cut lies above every text with this beginning, unless the text goes on with it.
  return points[MAX_TEXT] === '\u{10ffff}' ? undefined : JSON.stringify(`${points.slice(0, MAX_TEXT).join('')}\u{10ffff}`);
}

/** JSON has no NaN and no infinity: such a bound is left out. */
const number = (text: string, type: LakeType) =>
  type === 'long' ? text : Number.isFinite(Number(text)) ? JSON.stringify(Number(text)) : undefined;

const iso = (ms: number) => (Math.abs(ms) <= 8.64e15 ? JSON.stringify(new Date(ms).toISOString()) : undefined);
