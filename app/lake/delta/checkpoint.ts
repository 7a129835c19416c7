import { rm, writeFile } from 'node:fs/promises';
import { DAY } from '../../clock/port.ts';
import { type Engine, literal } from '../engine.ts';
import type { Action } from './actions.ts';
import type { TableState } from './state.ts';

/** Tombstones older than this leave the checkpoints: the protocol's default of `delta.deletedFileRetentionDuration`. */
const TOMBSTONE_MS = (7 * DAY) / 1000;

const TEXTS = 'MAP(VARCHAR, VARCHAR)';

/** The action columns of a checkpoint (PROTOCOL.md, "Checkpoint Schema"), one action a row. */
const COLUMNS = {
  protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)',
  metaData: `STRUCT(id VARCHAR, name VARCHAR, format STRUCT(provider VARCHAR, options ${TEXTS}), schemaString VARCHAR,
    partitionColumns VARCHAR[], configuration ${TEXTS}, createdTime BIGINT)`,
  txn: 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)',
  add: `STRUCT(path VARCHAR, partitionValues ${TEXTS}, size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR)`,
  remove: `STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN,
    partitionValues ${TEXTS}, size BIGINT)`,
};

/** Actions that rebuild the state from nothing. */
export function checkpointActions(state: TableState): readonly Action[] {
  const oldest = state.timestampMs - TOMBSTONE_MS;
  return [
    { protocol: state.protocol },
    { metaData: state.metaData },
    ...[...state.txn.values()].map((txn) => ({ txn })),
    ...[...state.files.values()].map((add) => ({ add: { ...add, dataChange: false } })),
    ...[...state.tombstones.values()]
      .filter((remove) => (remove.deletionTimestamp ?? 0) > oldest)
      .map((remove) => ({ remove: { ...remove, dataChange: false } })),
  ];
}

/** Writes the checkpoint as a scratch file and gives its path and number of actions. */
export async function writeCheckpoint(
  engine: Engine,
  state: TableState,
): Promise<{ readonly path: string; readonly size: number }> {
  const actions = checkpointActions(state);
  const lines = engine.scratch('.jsonl');
  const path = engine.scratch('.checkpoint.parquet');
  const columns = Object.entries(COLUMNS).map(([name, type]) => `"${name}": ${literal(type)}`);
  try {
    await writeFile(lines, actions.map((action) => JSON.stringify(action)).join('\n'));
    await engine.using((connection) =>
      connection.run(
        `copy (select * from read_json(${literal(lines)}, format = 'newline_delimited', columns = {${columns.join(', ')}}))
         to ${literal(path)} (format parquet, compression zstd)`,
      ),
    );
  } finally {
    await rm(lines, { force: true });
  }
  return { path, size: actions.length };
}

/** Reads a checkpoint's file, whoever wrote it. */
export async function readCheckpoint(engine: Engine, path: string): Promise<readonly Action[]> {
  const names = Object.keys(COLUMNS);
  return engine.using(async (connection) => {
    const held = await connection.runAndReadAll(`describe select * from read_parquet(${literal(path)})`);
    const present = names.filter((name) => held.getRowObjects().some((row) => row.column_name === name));
    const rows = await connection.runAndReadAll(
      present
        .map((name) => `select to_json({"${name}": "${name}"}) from read_parquet(${literal(path)}) where "${name}" is not null`)
        .join(' union all '),
    );
    return rows.getRows().map(([text]) => JSON.parse(String(text)) as Action);
  });
}
