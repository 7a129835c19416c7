/**
 * Secrets and keys. A subject is a person; each has one data key. The platform stores `pseudonym` in place of the
 * person's id and encrypts fields of class `pii` with the data key, so deleting the key erases the person everywhere.
 */
export interface KeyStore {
  /** The subject's keys, made on first sight. `subject` is the plain id and is never stored. */
  subject(subject: string): SubjectKeys;
  /** Undefined where the subject was never seen or was erased. */
  known(subject: string): SubjectKeys | undefined;
  byPseudonym(pseudonym: string): SubjectKeys | undefined;
  /** Deletes the data key for ever and remembers the pseudonym as erased. Undefined where the subject is unknown. */
  erase(subject: string): string | undefined;
  erased(): ReadonlySet<string>;
  /** Signs with the platform's Ed25519 key. */
  sign(bytes: Buffer): Signature;
  verify(bytes: Buffer, signature: Signature): boolean;
  /** A named secret (API token, HMAC key), made at random on first use, kept outside git and logs. */
  secret(name: string): string;
  close(): void;
}

export interface SubjectKeys {
  /** Random, stable per subject; says nothing about the person once the mapping is gone. */
  readonly pseudonym: string;
  encrypt(plain: Buffer): Buffer;
  /** @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN when a byte was changed */
  decrypt(sealed: Buffer): Buffer;
}

export interface Signature {
  readonly keyId: string;
  /** Ed25519 (RFC 8032), base64. */
  readonly value: string;
}
