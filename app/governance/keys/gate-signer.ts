import { createHash } from 'node:crypto';
import type { Signature } from './port.ts';

/** The gate's own key. Its private half is at hand to nobody else: in a file that the gate alone may read, or in KMS. */
export interface GateSigner {
  /** Ed25519 (RFC 8032) over the bytes themselves, which anyone checks by the public key alone; KMS takes at most 4,096 of them. */
  sign(bytes: Buffer): Promise<Signature>;
  /** Public half (SubjectPublicKeyInfo, PEM). */
  verifyKey(): Promise<string>;
  close(): void;
}

/** What the gate's key signs in place of a text, which may be longer than KMS takes: what it is, and its SHA-256. */
export const gateStatement = (bytes: Buffer): Buffer =>
  Buffer.from(`millrace gate\nsha256:${createHash('sha256').update(bytes).digest('hex')}\n`);
