import type { FileHandle } from 'node:fs/promises';

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
