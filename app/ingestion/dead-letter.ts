import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import type { Micros } from '../clock/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { EventType } from '../usecases/event.ts';
import type { Fault } from '../validation/fault.ts';
import type { LogRecord } from './event-log/port.ts';

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
  /** The event as it came, compressed and sealed; null where it is too large to keep. */
  readonly raw: string | null;
  /** Pseudonym of the person under whose key `raw` is sealed, so that erasure reaches it; null: the platform's own key. */
  readonly sealedFor: string | null;
}

/** An opened letter: the raw event, or why there is none. */
export type OpenedLetter = { readonly raw: unknown } | { readonly missing: 'erased' | 'too large' | 'unreadable' };

const NONCE = 12;
const TAG = 16;
const CONTEXT = 'dead-letter';
/** Base64 of it, faults and all fit one record of the log. */
const MAX_SEALED = 700 * 1024;
const MAX_RAW = 8 * 1024 * 1024;

/** The record of a refused event, and the id that makes it one letter however often it is sent. */
export async function deadLetter(
  event: EventType,
  raw: unknown,
  about: Pick<DeadLetter, 'faults' | 'at' | 'source' | 'attempts'>,
  keys: KeyStore,
): Promise<{ readonly id: string; readonly record: LogRecord }> {
  const plain = Buffer.from(JSON.stringify(raw) ?? 'null', 'utf8');
  const id = createHmac('sha256', await keys.secret(CONTEXT))
    .update(`${event.name}\0${about.attempts}\0`)
    .update(plain)
    .digest('base64url');
  const letter: DeadLetter = { event: event.name, ...about, ...(await seal(event, raw, plain, keys)) };
  return { id, record: { key: id, value: Buffer.from(JSON.stringify(letter)) } };
}

async function seal(
  event: EventType,
  raw: unknown,
  plain: Buffer,
  keys: KeyStore,
): Promise<Pick<DeadLetter, 'raw' | 'sealedFor'>> {
  const packed = deflateSync(plain);
  if (packed.length > MAX_SEALED) return { raw: null, sealedFor: null };
  const person = subjectOf(event, raw);
  if (person === undefined) return { raw: (await platformSeal(packed, keys)).toString('base64'), sealedFor: null };
  const own = await keys.subject(person);
  return { raw: own.encrypt(packed, CONTEXT).toString('base64'), sealedFor: own.pseudonym };
}

/** The person a refused event names, where it names one as an admitted event could. */
function subjectOf(event: EventType, raw: unknown): string | undefined {
  const [name, field] = Object.entries(event.fields).find(([, { subject }]) => subject) ?? [];
  if (name === undefined || typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, name)) return undefined;
  const person = (raw as Readonly<Record<string, unknown>>)[name];
  const { maxLength = 256 } = (field?.schema ?? {}) as { readonly maxLength?: number };
  return typeof person === 'string' && person.length > 0 && person.length <= maxLength && person.isWellFormed()
    ? person
    : undefined;
}

const platformKey = async (keys: KeyStore): Promise<Buffer> =>
  Buffer.from(hkdfSync('sha256', await keys.secret(CONTEXT), '', 'millrace dead letter', 32));

/** Nonce, tag, ciphertext (AES-256-GCM). */
async function platformSeal(plain: Buffer, keys: KeyStore): Promise<Buffer> {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', await platformKey(keys), nonce);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

async function platformOpen(bytes: Buffer, keys: KeyStore): Promise<Buffer> {
  const decipher = createDecipheriv('aes-256-gcm', await platformKey(keys), bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]);
}

export async function openLetter(letter: DeadLetter, keys: KeyStore): Promise<OpenedLetter> {
  if (letter.raw === null) return { missing: 'too large' };
  const bytes = Buffer.from(letter.raw, 'base64');
  const own = letter.sealedFor === null ? undefined : await keys.byPseudonym(letter.sealedFor);
  if (letter.sealedFor !== null && own === undefined) return { missing: 'erased' };
  try {
    const packed = own === undefined ? await platformOpen(bytes, keys) : own.decrypt(bytes, CONTEXT);
    return { raw: JSON.parse(inflateSync(packed, { maxOutputLength: MAX_RAW }).toString('utf8')) as unknown };
  } catch {
    return { missing: 'unreadable' };
  }
}

export const readLetter = (value: Buffer): DeadLetter => JSON.parse(value.toString('utf8')) as DeadLetter;
