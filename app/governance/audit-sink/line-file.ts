import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../keys/folder.ts';

/** A file of lines that only grows, except for a torn end that is cut. */
export interface LineFile {
  readonly path: string;
  bytes(): number;
  read(from: number, to: number): Buffer;
  /** Writes whole lines at `position`, which is the file's end, and waits until they are on disk. */
  write(position: number, lines: readonly Buffer[]): number;
  cut(bytes: number): void;
}

export function openLineFile(path: string): LineFile {
  const file = openSync(path, 'a+', 0o600);
  closeSync(file);
  syncFolder(dirname(path));
  // The path is opened anew each time: a file that was put in place of ours must be seen, not the one we once held.
  const held = <T>(flags: string, use: (file: number) => T): T => {
    const handle = openSync(path, flags, 0o600);
    try {
      return use(handle);
    } finally {
      closeSync(handle);
    }
  };
  const changed = <T>(use: (file: number) => T): T =>
    held('r+', (handle) => {
      const result = use(handle);
      fsyncSync(handle);
      return result;
    });
  return {
    path,
    bytes: () => held('a+', (handle) => fstatSync(handle).size),
    read(from, to) {
      const buffer = Buffer.alloc(Math.max(to - from, 0));
      return held('a+', (handle) => {
        let filled = 0;
        while (filled < buffer.length) {
          const got = readSync(handle, buffer, filled, buffer.length - filled, from + filled);
          if (got === 0) break;
          filled += got;
        }
        return buffer.subarray(0, filled);
      });
    },
    write: (position, lines) =>
      changed((handle) => {
        const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        for (let done = 0; done < body.length; ) done += writeSync(handle, body, done, body.length - done, position + done);
        return position + body.length;
      }),
    cut: (bytes) => changed((handle) => ftruncateSync(handle, bytes)),
  };
}

/** Whole lines of the bytes, without their line feeds; what follows the last line feed is torn and left out. */
export function wholeLines(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
