/**
 * Secrets and keys. A subject is a person; each has one data key. The platform stores `pseudonym` in place of the
 * person's id and encrypts fields of class `pii` with the data key, so deleting the key erases the person everywhere. An
 * erasure by another process is heard of by each call, the adapter's staleness after it at most; keys that were handed out hear of it then.
 */
export interface KeyStore {
  /** The subject's keys, made on first sight. `subject` is the plain id and is never stored. */
  subject(subject: string): Promise<SubjectKeys>;
  /** Makes the keys of many subjects in one durable write: before a batch, much faster than `subject()` for each. */
  prepare(subjects: readonly string[]): Promise<void>;
  /** Undefined where the subject was never seen or was erased. */
  known(subject: string): Promise<SubjectKeys | undefined>;
  byPseudonym(pseudonym: string): Promise<SubjectKeys | undefined>;
  /** Reads the keys of many pseudonyms at once: before a batch, much faster than `byPseudonym()` for each. */
  recall(pseudonyms: readonly string[]): Promise<void>;
  /** Deletes the data key for ever and remembers the pseudonym as erased. Undefined where the subject is unknown. */
  erase(subject: string): Promise<string | undefined>;
  erased(): Promise<ReadonlySet<string>>;
  /** Signs with the Ed25519 key of `holder`. @throws MR_GOVERNANCE_KEYS_NOT_HOLDER where the gate has a key that is not here */
  sign(bytes: Buffer, holder?: KeyHolder): Promise<Signature>;
  /** Whether `holder` signed just these bytes: once the gate has a key of its own, the platform's stands for it no more. */
  verify(bytes: Buffer, signature: Signature, holder?: KeyHolder): Promise<boolean>;
  /** The public half of the platform's signing key (SubjectPublicKeyInfo, PEM), for those who check what was signed elsewhere. */
  verifyKey(): Promise<string>;
  /** A named secret (API token, HMAC key), made at random on first use, kept outside git and logs. */
  secret(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Who signs: the platform, @default, or the gate alone, where it has a key of its own; where it has none they are one. */
export type KeyHolder = 'platform' | 'gate';

export interface SubjectKeys {
  /** Random, stable per subject; says nothing about the person once the mapping is gone. */
  readonly pseudonym: string;
  /** `context` (e.g. a field name) is bound in, not stored: the same one opens it. @default "" */
  encrypt(plain: Buffer, context?: string): Buffer;
  /** @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN when a byte or the context was changed, MR_GOVERNANCE_SUBJECT_ERASED */
  decrypt(sealed: Buffer, context?: string): Buffer;
}

export interface Signature {
  readonly keyId: string;
  /** Ed25519 (RFC 8032), base64. */
  readonly value: string;
}
