import { rm, stat } from 'node:fs/promises';
import type { DataFile, DataFiles } from './data-files.ts';
import { lakeError } from './errors.ts';
import type { ObjectStore } from './object-store/port.ts';

export interface LocalCopiesOptions {
  /** Path of a new file, which nobody else uses. */
  readonly newPath: () => string;
  /** What all copies may take, bytes. */
  readonly limit: number;
  /** Files fetched at the same time. @default 8 */
  readonly parallel?: number;
}

interface Copy {
  readonly path: string;
  readonly ready: Promise<void>;
  bytes: number;
  holders: number;
  loaded: boolean;
}

/**
 * Copies of the lake's files on this machine's disk, each fetched once for all who want it. The least recently used go
 * first, and none that somebody holds: a query that reads more than fits is refused before it fills the disk.
 */
export function localCopies(objects: ObjectStore, { newPath, limit, parallel = 8 }: LocalCopiesOptions): DataFiles {
  /** By key, the least recently used first. */
  const copies = new Map<string, Copy>();
  /** Forgotten while they were held. */
  const left = new Set<Copy>();
  let total = 0;
  let free = parallel;
  const waiting: (() => void)[] = [];

  async function fetch(key: string, copy: Copy): Promise<void> {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      await objects.getFile(key, copy.path);
      const { size } = await stat(copy.path);
      total += size - copy.bytes;
      copy.bytes = size;
      copy.loaded = true;
      if (copy.holders === 0 && left.delete(copy)) await drop(copy);
    } catch (error) {
      if (copies.get(key) === copy) copies.delete(key);
      left.delete(copy);
      await drop(copy);
      throw error;
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  }

  async function drop(copy: Copy): Promise<void> {
    total -= copy.bytes;
    copy.bytes = 0;
    // What cannot be deleted now goes with the whole folder.
    await rm(copy.path, { force: true }).catch(() => undefined);
  }

  /** Gives up what nobody holds, as far as it must. */
  async function makeRoom(): Promise<void> {
    const going: Promise<void>[] = [];
    for (const [key, copy] of copies) {
      if (total <= limit) break;
      if (copy.holders > 0 || !copy.loaded) continue;
      copies.delete(key);
      going.push(drop(copy));
    }
    await Promise.all(going);
  }

  function take({ key, bytes = 0 }: DataFile, room: Promise<void>): Copy {
    const known = copies.get(key);
    const copy = known ?? begin(key, bytes, room);
    copy.holders += 1;
    copies.delete(key);
    copies.set(key, copy);
    return copy;
  }

  function begin(key: string, bytes: number, room: Promise<void>): Copy {
    const copy: Copy = { path: newPath(), bytes, holders: 0, loaded: false, ready: room.then(() => fetch(key, copy)) };
    copy.ready.catch(() => undefined); // each holder hears of it; one that gave up before need not
    total += bytes;
    return copy;
  }

  function release(held: readonly Copy[]): void {
    for (const copy of held) {
      copy.holders -= 1;
      if (copy.holders === 0 && left.delete(copy)) void drop(copy);
    }
    void makeRoom();
  }

  /** Bytes that cannot be given up, with these files among them. */
  function bound(files: readonly DataFile[]): number {
    const more = files.filter(({ key }) => (copies.get(key)?.holders ?? 0) === 0);
    const sum = (sizes: readonly number[]) => sizes.reduce((all, bytes) => all + bytes, 0);
    const held = [...copies.values(), ...left].filter(({ holders }) => holders > 0);
    return sum(held.map(({ bytes }) => bytes)) + sum(more.map(({ key, bytes }) => copies.get(key)?.bytes ?? bytes ?? 0));
  }

  return {
    async hold(asked) {
      const files = [...new Map(asked.map((file) => [file.key, file])).values()];
      const needed = bound(files);
      if (needed > limit) {
        throw lakeError('MR_LAKE_SCRATCH_FULL', `${files.length} files of the lake would bring the copies to ${needed} bytes`, {
          field: 'MILLRACE_LAKE_COPIES_MB',
          value: needed,
          expected: `at most ${limit} bytes at a time`,
        });
      }
      const { promise: room, resolve: roomMade } = Promise.withResolvers<void>();
      const taken = new Map(files.map((file) => [file.key, take(file, room)]));
      const held = [...taken.values()];
      try {
        await makeRoom();
        roomMade();
        await Promise.all(held.map(({ ready }) => ready));
      } catch (error) {
        release(held);
        throw error;
      }
      let over = false;
      return {
        paths: asked.map(({ key }) => taken.get(key)?.path ?? ''),
        release() {
          if (!over) release(held);
          over = true;
        },
      };
    },
    forget(key) {
      const copy = copies.get(key);
      if (copy === undefined) return;
      copies.delete(key);
      if (copy.holders === 0 && copy.loaded) void drop(copy);
      else left.add(copy);
    },
  };
}
