import type { Engine } from './engine.ts';
import { RESERVED } from './table-name.ts';

/**
 * The tables that a query reads, as `usecase.table`: by DuckDB's own parser where it gives its tree, so that a column of an
 * alias is not looked for in the store, where it may not even be allowed to look. (DuckDB's list of table names is empty for
 * a query with parameters.)
 */
export async function namedTables(engine: Engine, sql: string): Promise<readonly string[]> {
  const names = (await inTree(engine, sql)) ?? inText(sql);
  return [...new Set(names.map((name) => name.toLowerCase()))].filter((name) => !RESERVED.has(name.slice(0, name.indexOf('.'))));
}

/** Undefined for what is not a plain SELECT: an EXPLAIN, a PIVOT, or something that the parser refuses. */
async function inTree(engine: Engine, sql: string): Promise<readonly string[] | undefined> {
  const text = await engine.using(async (connection) => {
    const prepared = await connection.prepare('select json_serialize_sql($1::varchar)');
    prepared.bindVarchar(1, sql);
    return (await prepared.runAndReadAll()).getRows()[0]?.[0];
  });
  const tree = JSON.parse(String(text)) as { readonly error: boolean };
  return tree.error ? undefined : [...tablesUnder(tree)];
}

function* tablesUnder(node: unknown): Generator<string> {
  if (node === null || typeof node !== 'object') return;
  const { type, catalog_name, schema_name, table_name } = node as Readonly<Record<string, unknown>>;
  if (type === 'BASE_TABLE' && catalog_name === '' && schema_name !== '') yield `${schema_name}.${table_name}`;
  for (const child of Object.values(node)) yield* tablesUnder(child);
}

/** Each pair `a.b`, quoted or not. Column references look the same, so the caller keeps only those that exist. */
const inText = (sql: string): readonly string[] =>
  [...sql.matchAll(/"?\b([a-z][a-z0-9_]*)"?\s*\.\s*"?([a-z][a-z0-9_]*)\b"?/gi)].map((match) => `${match[1]}.${match[2]}`);
