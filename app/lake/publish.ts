import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock/port.ts';
import type { Action } from './delta/actions.ts';
import type { DeltaLog } from './delta/log.ts';
import { evolve, formatSchema } from './delta/schema.ts';
import { READER_VERSION, type TableState, WRITER_VERSION } from './delta/state.ts';
import { lakeError } from './errors.ts';
import type { ObjectStore } from './object-store/port.ts';
import type { LakeChange, TableSpec } from './port.ts';
import { tablePrefix } from './table-name.ts';
import { transact } from './transaction.ts';

/** Creates the table or adds columns to it. */
export async function ensureTable(log: DeltaLog, clock: Clock, spec: TableSpec): Promise<void> {
  checkColumns(spec);
  await transact(
    log,
    clock,
    () => log.find(),
    (state, nowMs) => {
      if (state === undefined) return { operation: 'CREATE TABLE', blindAppend: true, actions: creation(spec, nowMs) };
      const columns = evolve(spec.name, state.columns, spec.columns);
      if (columns === state.columns) return undefined;
      const names = columns.slice(state.columns.length).map(({ name }) => name);
      return {
        operation: 'ADD COLUMNS',
        parameters: { columns: JSON.stringify(names) },
        actions: [{ metaData: { ...state.metaData, schemaString: formatSchema(columns) } }],
      };
    },
  );
}

function creation(spec: TableSpec, nowMs: number): readonly Action[] {
  return [
    { protocol: { minReaderVersion: READER_VERSION, minWriterVersion: WRITER_VERSION } },
    {
      metaData: {
        id: randomUUID(),
        name: spec.name,
        format: { provider: 'parquet', options: {} },
        schemaString: formatSchema(spec.columns),
        partitionColumns: [],
        configuration: {},
        createdTime: nowMs,
      },
    },
  ];
}

/** Column names differ also without regard to case, since SQL and Delta readers do not tell case apart. */
function checkColumns(spec: TableSpec): void {
  const seen = new Set<string>();
  for (const { name } of spec.columns) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || seen.has(name.toLowerCase())) {
      throw lakeError('MR_LAKE_SCHEMA_CONFLICT', `table ${spec.name}: the column name '${name}' is not admitted or taken`, {
        field: `${spec.name}.${name}`,
        value: name,
        expected: 'letters, digits and underscores, once in the table',
      });
    }
    seen.add(name.toLowerCase());
  }
}

/** One commit of staged files and consumer offsets, rebased on whatever was committed meanwhile. */
export async function publish(log: DeltaLog, objects: ObjectStore, clock: Clock, change: LakeChange): Promise<TableState> {
  const prefix = tablePrefix(log.table);
  for (const file of change.add ?? []) await checkStaged(objects, log.table, prefix, file.key);
  return transact(
    log,
    clock,
    () => log.newest(),
    (state, nowMs) => {
      if (!offsetsHold(state, change)) return undefined;
      const adds = (change.add ?? []).map((file) => ({ ...file, path: file.key.slice(prefix.length) }));
      const fresh = adds.filter(({ path }) => !state.files.has(path) && !state.tombstones.has(path));
      if (adds.length > 0 && fresh.length === 0) return undefined;
      return {
        operation: change.operation,
        parameters: change.info ?? {},
        blindAppend: true,
        actions: [
          ...(change.txn ?? [])
            .filter(({ version, after }) => version !== after)
            .map(({ appId, version }): Action => ({ txn: { appId, version, lastUpdated: nowMs } })),
          ...fresh.map(
            ({ path, bytes, stats }): Action => ({
              add: { path, partitionValues: {}, size: bytes, modificationTime: nowMs, dataChange: true, stats },
            }),
          ),
        ],
      };
    },
  );
}

/** False where another writer has committed any of these offsets: its rows are in the table already. */
const offsetsHold = (state: TableState, change: LakeChange): boolean =>
  (change.txn ?? []).every(({ appId, version, after }) => {
    const held = state.txn.get(appId)?.version ?? 0;
    return (version > held || version === after) && (after === undefined || after === held);
  });

async function checkStaged(objects: ObjectStore, table: string, prefix: string, key: string): Promise<void> {
  const missing = (why: string) =>
    lakeError('MR_LAKE_OBJECT_MISSING', `table ${table}: the staged file ${key} ${why}`, {
      field: 'add.key',
      value: key,
      expected: 'a file staged for this table and not vacuumed',
    });
  if (!key.startsWith(prefix)) throw missing('belongs to another table');
  if (!(await objects.has(key))) throw missing('does not exist');
}
