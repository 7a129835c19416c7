import { open } from 'node:fs/promises';

/** Makes the names in a folder durable. Windows cannot open a folder; there a name is as durable as the file system makes it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Codes of a file system without room: no space, quota used up, file size limit reached. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export const isDiskFull = (error: unknown): boolean => FULL.has(String((error as NodeJS.ErrnoException | undefined)?.code));
