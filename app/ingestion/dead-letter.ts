import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Micros } from '../clock/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Fault } from '../validation/fault.ts';
import { ingestion } from './errors.ts';

/** An event that was refused, as the dead-letter topic holds it. */
export interface DeadLetter {
  readonly event: string;
  /** Each with field, value, expectation and reason; personal values are not in them. */
  readonly faults: readonly Fault[];
  readonly at: Micros;
  /** Who brought it: `collector`, `history`, a file's name. */
  readonly source: string;
  /** How often it was tried; 1 at first. */
  readonly attempts: number;
  /** The event as it came, sealed: it may hold personal data. Base64 of nonce, tag, ciphertext (AES-256-GCM). */
  readonly raw: string;
}

const NONCE = 12;
const TAG = 16;

const keyOf = (keys: KeyStore): Buffer =>
  Buffer.from(hkdfSync('sha256', keys.secret('dead-letter'), '', 'millrace dead letter', 32));

export function sealRaw(raw: unknown, keys: KeyStore): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyOf(keys), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(raw) ?? 'null', 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** @throws MR_INGESTION_LOG_CORRUPT where the letter was changed, or sealed under another key */
export function openRaw(letter: DeadLetter, keys: KeyStore): unknown {
  const bytes = Buffer.from(letter.raw, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(keys), bytes.subarray(0, NONCE));
  decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
  try {
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString('utf8'));
  } catch (cause) {
    throw ingestion.error('MR_INGESTION_LOG_CORRUPT', 'a dead letter cannot be opened', {
      field: 'raw',
      expected: 'bytes as they were sealed',
      cause,
    });
  }
}

export const readLetter = (value: Buffer): DeadLetter => JSON.parse(value.toString('utf8')) as DeadLetter;
