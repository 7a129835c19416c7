import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants, copyFile, mkdir, readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder } from '../../disk.ts';
import { diskFault, isCode, lakeError } from '../errors.ts';
import { publish, publishIfAbsent, takeFile, writeNew } from './durable-file.ts';
import { checkKey, STAGING } from './object-key.ts';
import type { ObjectInfo, ObjectStore } from './port.ts';

/** Each object is a file of the folder. */
export type LocalObjectStore = ObjectStore & Required<Pick<ObjectStore, 'location'>>;

/** Unfinished writes older than this belong to a process that died. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * A local folder as a bucket. A body is written beside the objects, fsynced, and only then named: kill -9 at any moment
 * leaves the old object or the new one. Several processes may share the folder.
 * @throws MR_LAKE_DISK_FULL from each write that finds no room; MR_LAKE_OBJECT_KEY for a key that is not one
 */
export async function openEmbeddedObjects(dir: string): Promise<LocalObjectStore> {
  const root = resolve(dir);
  const staging = join(root, STAGING);
  await mkdir(staging, { recursive: true });
  await sweep(staging);
  const locate = (key: string) => join(root, ...checkKey(key).split('/'));

  /** Fills a file in the staging folder, names it by `finish`, and leaves nothing behind whatever happens. */
  async function write<T>(
    key: string,
    fill: (path: string) => Promise<void>,
    finish: (path: string, target: string) => Promise<T>,
  ) {
    const target = locate(key);
    const path = join(staging, randomUUID());
    try {
      await fill(path);
      return await finish(path, target);
    } catch (error) {
      if (isCode(error, 'EISDIR', 'ENOTDIR', 'EEXIST')) throw crossed(key, error);
      throw diskFault(error, key);
    } finally {
      await rm(path, { force: true });
    }
  }

  return {
    async get(key) {
      try {
        return await readFile(locate(key));
      } catch (error) {
        throw isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR') ? missing(key, error) : error;
      }
    },
    async getFile(key, path) {
      const source = locate(key);
      try {
        await copyFile(source, path, constants.COPYFILE_EXCL);
      } catch (error) {
        const gone = isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR') && !(await stat(source).catch(() => undefined))?.isFile();
        throw gone ? missing(key, error) : diskFault(error, path);
      }
    },
    async has(key) {
      try {
        return (await stat(locate(key))).isFile();
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR')) return false;
        throw error;
      }
    },
    put: (key, body) => write(key, (path) => writeNew(path, body), publish),
    // The source is used up either way: a caller that failed has nothing to clean.
    putFile: async (key, source) => {
      try {
        await write(key, (path) => takeFile(source, path), publish);
      } finally {
        await rm(source, { force: true });
      }
    },
    putIfAbsent: (key, body) => write(key, (path) => writeNew(path, body), publishIfAbsent),
    async delete(key) {
      const path = locate(key);
      try {
        await unlink(path);
        await syncFolder(dirname(path));
      } catch (error) {
        if (!isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM')) throw error;
      }
    },
    async list(prefix) {
      const found: ObjectInfo[] = [];
      await walk(root, '', prefix, found);
      return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    },
    location: locate,
  };
}

/** Collects the objects whose key starts with the prefix; enters only folders that can hold one. */
async function walk(folder: string, base: string, prefix: string, found: ObjectInfo[]): Promise<void> {
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const entry of entries) {
    const key = base + entry.name;
    if (entry.isDirectory()) {
      const inside = `${key}/`;
      if (key !== STAGING && (inside.startsWith(prefix) || prefix.startsWith(inside))) {
        await walk(join(folder, entry.name), inside, prefix, found);
      }
    } else if (entry.isFile() && key.startsWith(prefix)) {
      // Another process may have deleted it since the folder was read: then it is not listed.
      const info = await stat(join(folder, entry.name)).catch(() => undefined);
      if (info !== undefined) found.push({ key, bytes: info.size, modifiedAtMs: Math.floor(info.mtimeMs) });
    }
  }
}

async function sweep(staging: string): Promise<void> {
  const names = await readdir(staging);
  const infos = await Promise.all(names.map((name) => stat(join(staging, name)).catch(() => undefined)));
  // The file system's own clock judges its files: the newest one here stands for "now".
  const probe = join(staging, randomUUID());
  await writeNew(probe, Buffer.alloc(0));
  const { mtimeMs } = await stat(probe);
  const old = names.filter((_, index) => (infos[index]?.mtimeMs ?? mtimeMs) < mtimeMs - ABANDONED_MS);
  await Promise.all([probe, ...old.map((name) => join(staging, name))].map((path) => rm(path, { force: true })));
}

const missing = (key: string, cause: unknown) =>
  lakeError('MR_LAKE_OBJECT_MISSING', `there is no object '${key}'`, { field: 'key', value: key, cause });

const crossed = (key: string, cause: unknown) =>
  lakeError(
    'MR_LAKE_OBJECT_KEY',
    `object key '${key}' cannot be written: it, or a part of it, is the folder or the name of another object`,
    {
      field: 'key',
      value: key,
      expected: 'a key that is no prefix of another at a slash',
      cause,
    },
  );
