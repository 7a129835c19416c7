import { type Clock, DAY } from '../clock/port.ts';
import type { DeltaLog } from './delta/log.ts';
import type { TableState } from './delta/state.ts';
import type { ObjectStore } from './object-store/port.ts';
import { tablePrefix } from './table-name.ts';
import { fileKeys } from './view.ts';

/** Log entries are kept at least this long, so that a reader that was away can follow. */
const LOG_MS = DAY / 1000;

/**
 * Deletes what no retained version needs. Retained are the newest version, those committed within the retention, and the
 * one that was the newest when it began. A file that no version ever named (staged, then lost to a crash) goes when it is
 * older than the retention. Log entries before the last checkpoint that the retained versions need go as well.
 */
export async function vacuum(log: DeltaLog, objects: ObjectStore, clock: Clock, retentionMs: number): Promise<readonly string[]> {
  const nowMs = Math.floor(clock.now() / 1000);
  const cutoff = nowMs - retentionMs;
  // Listed before the log is read: a file committed in between is in the log by then, or too young.
  const objectsNow = await objects.list(tablePrefix(log.table));
  const newest = await log.newest();
  const { needed } = await retained(log, newest, cutoff);
  const removed = new Set([...newest.tombstones.keys()].map((path) => tablePrefix(log.table) + decodeURIComponent(path)));
  const deleted: string[] = [];
  for (const { key, modifiedAtMs } of objectsNow) {
    if (!key.endsWith('.parquet') || key.startsWith(log.keys.prefix)) continue;
    if (needed.has(key)) continue;
    // A removed file's age is known by the log; for one that no version names, only the store knows it.
    if (!removed.has(key) && modifiedAtMs > cutoff) continue;
    await objects.delete(key);
    deleted.push(key);
  }
  const kept = await retained(log, newest, Math.min(cutoff, nowMs - LOG_MS));
  return [...deleted, ...(await trimLog(log, objects, kept.oldest))];
}

/** Files of the versions from the newest back to the one that was current at `cutoff`. */
async function retained(log: DeltaLog, newest: TableState, cutoff: number) {
  const needed = new Set(fileKeys(newest));
  const prefix = tablePrefix(log.table);
  let version = newest.version;
  for (; version > 0; version -= 1) {
    const actions = await log.read(version);
    if (actions === undefined) break;
    const time = actions.find((action) => 'commitInfo' in action)?.commitInfo.timestamp ?? 0;
    if (time < cutoff) break;
    for (const action of actions) {
      // What a retained commit removed, the version before it still held.
      if ('remove' in action) needed.add(prefix + decodeURIComponent(action.remove.path));
    }
  }
  return { needed, oldest: version };
}

/** Deletes, oldest first, the log entries before the newest checkpoint at or before `oldest`. */
async function trimLog(log: DeltaLog, objects: ObjectStore, oldest: number): Promise<readonly string[]> {
  const { commits, checkpoints } = await log.versions();
  const from = checkpoints.filter((version) => version <= oldest).at(-1);
  if (from === undefined) return [];
  const entries = [
    ...commits.map((version) => ({ version, key: log.keys.commit(version) })),
    ...checkpoints.map((version) => ({ version, key: log.keys.checkpoint(version) })),
  ];
  const old = entries.filter(({ version }) => version < from).sort((a, b) => a.version - b.version || (a.key < b.key ? 1 : -1));
  for (const { key } of old) await objects.delete(key);
  return old.map(({ key }) => key);
}
