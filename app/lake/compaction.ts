import type { Clock } from '../clock/port.ts';
import type { DataFiles } from './data-files.ts';
import type { Action, AddFile } from './delta/actions.ts';
import type { DeltaLog } from './delta/log.ts';
import type { TableState } from './delta/state.ts';
import type { Engine } from './engine.ts';
import { lakeError } from './errors.ts';
import type { ObjectStore } from './object-store/port.ts';
import { copyOut, partName, type WrittenFile } from './parquet-writer.ts';
import { queryFault } from './query-fault.ts';
import { tablePrefix } from './table-name.ts';
import { transact } from './transaction.ts';
import { scan } from './view.ts';

/** Size a data file should have, bytes. */
export const TARGET_BYTES = 128 * 1024 * 1024;

/** Plans that may be overtaken by other compactions before giving up. */
const MAX_PLANS = 3;

/**
 * Joins small files into files of about `targetBytes`. The rows stay as they are (`dataChange` false), appends committed
 * meanwhile are kept, and older versions keep their files until vacuum.
 * @throws MR_LAKE_COMMIT_CONFLICT where other compactions took the files each time
 */
export async function compact(
  log: DeltaLog,
  engine: Engine,
  objects: ObjectStore,
  files: DataFiles,
  clock: Clock,
  targetBytes: number,
): Promise<TableState> {
  const prefix = tablePrefix(log.table);
  for (let plan = 1; plan <= MAX_PLANS; plan += 1) {
    const state = await log.newest();
    const groups = groupFiles([...state.files.values()], targetBytes);
    if (groups.length === 0) return state;
    const written: { readonly group: readonly AddFile[]; readonly path: string; readonly file: WrittenFile }[] = [];
    for (const group of groups) {
      const file = await join(engine, objects, files, state, group);
      const path = partName();
      await objects.putFile(prefix + path, file.path);
      written.push({ group, path, file });
    }
    let overtaken = false;
    const committed = await transact(
      log,
      clock,
      () => log.newest(),
      (now, nowMs) => {
        overtaken = groups.some((group) => group.some(({ path }) => !now.files.has(path)));
        if (overtaken) return undefined;
        const actions = written.flatMap(({ group, path, file }): Action[] => [
          ...group.map((one): Action => ({ remove: tombstone(one, nowMs) })),
          { add: { path, partitionValues: {}, size: file.bytes, modificationTime: nowMs, dataChange: false, stats: file.stats } },
        ]);
        return { operation: 'OPTIMIZE', parameters: { targetBytes: String(targetBytes) }, actions };
      },
    );
    if (!overtaken) return committed;
    for (const { path } of written) await objects.delete(prefix + path);
  }
  throw lakeError('MR_LAKE_COMMIT_CONFLICT', `table ${log.table}: other compactions took its files ${MAX_PLANS} times`, {
    field: log.table,
    expected: 'one compaction at a time',
  });
}

/** Neighbours in commit order whose sizes fit the target together; a file alone stays as it is. */
function groupFiles(files: readonly AddFile[], targetBytes: number): readonly (readonly AddFile[])[] {
  const groups: AddFile[][] = [];
  let open: AddFile[] = [];
  let bytes = 0;
  for (const file of files.filter(({ size }) => size < targetBytes / 2)) {
    if (bytes + file.size > targetBytes && open.length > 0) {
      groups.push(open);
      open = [];
      bytes = 0;
    }
    open.push(file);
    bytes += file.size;
  }
  return [...groups, open].filter((group) => group.length > 1);
}

const tombstone = (file: AddFile, nowMs: number) => ({
  path: file.path,
  deletionTimestamp: nowMs,
  dataChange: false,
  extendedFileMetadata: true,
  partitionValues: {},
  size: file.size,
});

async function join(
  engine: Engine,
  objects: ObjectStore,
  files: DataFiles,
  state: TableState,
  group: readonly AddFile[],
): Promise<WrittenFile> {
  const prefix = tablePrefix(state.table);
  const held = await files.hold(group.map(({ path, size }) => ({ key: prefix + decodeURIComponent(path), bytes: size })));
  try {
    return await engine.using((connection) =>
      copyOut(engine, connection, scan(state.columns, held.paths), undefined, state.columns),
    );
  } catch (error) {
    throw await queryFault(error, engine, objects, files, [state]);
  } finally {
    held.release();
  }
}
