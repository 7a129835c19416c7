import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/** How bytes reach the disk; a test passes one that fails. */
export interface Disk {
  /** Writes all of `bytes` at `position`, or rejects. */
  write(file: FileHandle, bytes: Buffer, position: number): Promise<void>;
  sync(file: FileHandle): Promise<void>;
}

export const systemDisk: Disk = {
  async write(file, bytes, position) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  },
  sync: (file) => file.datasync(),
};

/** Makes the names in a folder durable; a platform that cannot open folders keeps them by itself. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export const isDiskFull = (error: unknown): boolean => FULL.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
