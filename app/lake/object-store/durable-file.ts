import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../disk.ts';
import { isCode } from '../errors.ts';

/** Writes a new file and makes its bytes durable. The file must not exist. */
export async function writeNew(path: string, body: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Brings a finished file to `path` on the store's file system and makes its bytes durable; the source is used up. */
export async function takeFile(source: string, path: string): Promise<void> {
  try {
    await rename(source, path);
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error;
    await copyFile(source, path);
    await rm(source);
  }
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives the finished file its name at once, replacing what was there. Durable when it resolves. */
export async function publish(finished: string, target: string): Promise<void> {
  await makeFolder(dirname(target));
  await rename(finished, target);
  await syncFolder(dirname(target));
}

/** The same if the name is free: link(2) fails where it exists, whoever made it. False where it does. */
export async function publishIfAbsent(finished: string, target: string): Promise<boolean> {
  await makeFolder(dirname(target));
  try {
    await link(finished, target);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
  await syncFolder(dirname(target));
  return true;
}

/** A name is durable only when its folder is: fsync each folder from the first one made. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}
