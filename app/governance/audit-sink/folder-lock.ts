import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { governanceError } from '../errors.ts';

/** Lets one holder at a time, over all processes, into a folder. */
export interface FolderLock {
  /** Runs `body` alone. @throws MR_GOVERNANCE_AUDIT_BUSY after 15 s of waiting */
  hold<T>(body: () => Promise<T>): Promise<T>;
  close(): void;
}

const PATIENCE_MS = 15_000;
const SQLITE_BUSY = 5;

/**
 * A lock on the file `lock`, by SQLite's own file locks: the operating system frees it when the holder dies, however it
 * dies, so there is no stale lock to judge by a process id that may mean another process by now.
 */
export function openFolderLock(dir: string): FolderLock {
  const path = join(dir, 'lock');
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: 0 });

  const taken = (): boolean => {
    try {
      db.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
      throw error;
    }
  };

  const alone = async <T>(body: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    while (!taken()) {
      if (performance.now() - started > PATIENCE_MS) {
        throw governanceError('MR_GOVERNANCE_AUDIT_BUSY', `${path} was held for ${PATIENCE_MS / 1000} s`, { field: path });
      }
      await wait(2 + Math.random() * 8);
    }
    try {
      return await body();
    } finally {
      db.exec('ROLLBACK');
    }
  };
  // The file's lock belongs to the process: its own bodies take turns here.
  let turn: Promise<unknown> = Promise.resolve();

  return {
    hold(body) {
      const mine = turn.then(() => alone(body));
      turn = mine.catch(() => undefined);
      return mine;
    },
    close() {
      if (db.isOpen) db.close();
    },
  };
}
