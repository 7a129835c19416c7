import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { governanceError } from '../errors.ts';

/** Makes the folder with mode 0700, or checks that neither it nor a file in it is open to others. @throws MR_GOVERNANCE_KEYS_EXPOSED */
export function openKeyFolder(dir: string): void {
  const made = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (made !== undefined) chmodSync(dir, 0o700);
  if (process.platform === 'win32') return; // Access there is by lists, which mode bits do not show.
  refuseExposed(dir, 0o700);
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) refuseExposed(path, 0o600);
  }
}

function refuseExposed(path: string, expected: number): void {
  const { mode, uid } = statSync(path);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own && own !== 0) {
    throw governanceError('MR_GOVERNANCE_KEYS_EXPOSED', `${path} belongs to user ${uid}, this process runs as ${own}`, {
      field: path,
      value: uid,
    });
  }
  if ((mode & 0o077) === 0) return;
  const found = `0${(mode & 0o777).toString(8)}`;
  throw governanceError('MR_GOVERNANCE_KEYS_EXPOSED', `${path} has mode ${found}; keys must be open to their owner only`, {
    field: path,
    value: found,
    expected: `0${expected.toString(8)}`,
  });
}

/**
 * The file's bytes; where there is none, made from `make()` whole and durable, mode 0600. Of two processes that make it
 * at once, one wins and both read the winner's.
 */
export function readOrMake(dir: string, name: string, make: () => Buffer): Buffer {
  const path = join(dir, name);
  const known = readIfThere(path);
  if (known !== undefined) return known;
  const draft = join(dir, `${name}.${randomBytes(6).toString('hex')}.new`);
  writeDurably(draft, make());
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dir);
  return readFileSync(path);
}

export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeDurably(path: string, body: Buffer): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, body);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function syncFolder(dir: string): void {
  if (process.platform === 'win32') return; // A folder cannot be opened there.
  const folder = openSync(dir, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
