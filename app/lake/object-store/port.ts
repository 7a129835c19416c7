/** A bucket: whole objects under slash-separated keys. A write is all or nothing and durable when it resolves. */
export interface ObjectStore {
  get(key: string): Promise<Buffer>; // throws MR_LAKE_OBJECT_MISSING
  /** Copies the object into a new local file, without reading it into memory. */
  getFile(key: string, path: string): Promise<void>; // throws MR_LAKE_OBJECT_MISSING
  has(key: string): Promise<boolean>;
  put(key: string, body: Buffer): Promise<void>;
  /** Moves a finished local file in, without reading it into memory. */
  putFile(key: string, path: string): Promise<void>;
  /** Put if absent: false, and nothing written, when the key exists. The seam of optimistic commits. */
  putIfAbsent(key: string, body: Buffer): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Keys under a prefix, in byte order. */
  list(prefix: string): Promise<readonly ObjectInfo[]>;
  /** Path of the object, where the store is a folder of this machine. Without it, what reads files takes copies. */
  location?(key: string): string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}
