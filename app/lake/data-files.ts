/** A file of a table; `bytes` where its commit says how long it is. */
export interface DataFile {
  readonly key: string;
  readonly bytes?: number | undefined;
}

/** Paths on this machine, in the order asked for. The files stay until they are released. */
export interface HeldFiles {
  readonly paths: readonly string[];
  release(): void;
}

/** Files of the lake as DuckDB reads them, wherever they are kept. What is under a key never changes. */
export interface DataFiles {
  /** @throws MR_LAKE_OBJECT_MISSING, MR_LAKE_SCRATCH_FULL */
  hold(files: readonly DataFile[]): Promise<HeldFiles>;
  /** What is here of it may be bad: the next hold takes the file anew. */
  forget(key: string): void;
}

/** The files where they are, in a folder of this machine. */
export const filesInPlace = (locate: (key: string) => string): DataFiles => ({
  hold: async (files) => ({ paths: files.map(({ key }) => locate(key)), release: () => undefined }),
  forget: () => undefined,
});

/** Holds one file for the time of one piece of work. */
export async function withFile<T>(files: DataFiles, file: DataFile, work: (path: string) => Promise<T>): Promise<T> {
  const held = await files.hold([file]);
  try {
    return await work(held.paths[0] ?? '');
  } finally {
    held.release();
  }
}
