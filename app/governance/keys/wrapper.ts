/** Wraps the keyring's master key, so that it can lie beside what it opens. */
export interface KeyWrapper {
  wrap(plain: Buffer): Promise<Buffer>;
  /** @throws MR_GOVERNANCE_KEYS_UNREADABLE where it was wrapped under another key, or a byte was changed */
  unwrap(wrapped: Buffer): Promise<Buffer>;
  close(): void;
}
