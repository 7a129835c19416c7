export interface KeyringRow {
  readonly pseudonym: string;
  /** The data key, sealed under the master key. */
  readonly wrapped: Buffer;
}

/** Durable rows of the keyring. It holds no plain id and no key in the clear. Every write is on disk when it resolves. */
export interface Keyring {
  find(lookup: Buffer): Promise<KeyringRow | undefined>;
  /** Those that are there, in no order. */
  findPseudonyms(pseudonyms: readonly string[]): Promise<readonly KeyringRow[]>;
  /** Adds those rows that are not there yet, all in one write; resolves to the rows that are there then, in the same order. */
  add(rows: readonly (KeyringRow & { readonly lookup: Buffer })[]): Promise<readonly KeyringRow[]>;
  /** Deletes row and bytes; the pseudonym, undefined where there is no such row. @throws MR_GOVERNANCE_KEYS_BUSY */
  erase(lookup: Buffer): Promise<string | undefined>;
  /** Pseudonyms erased since the number, by any process, and the new number. Cheap where nothing was. */
  erasedSince(number: number): Promise<{ readonly pseudonyms: readonly string[]; readonly number: number }>;
  /** The wrapped secret; made by `make` where there is none. */
  secret(name: string, make: () => Buffer): Promise<Buffer>;
  close(): Promise<void>;
}
