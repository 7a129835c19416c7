import type { EventType, Row } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import { governanceError } from './errors.ts';
import type { KeyStore, SubjectKeys } from './keys/port.ts';

/** What a sealed field begins with; base64url of AES-256-GCM under the subject's data key follows. */
export const SEALED = 'enc:v1:';

const EMBEDDING = 'embedding';

interface PersonalFields {
  readonly subject: string | undefined;
  /** Fields of class `pii` beside the subject's. */
  readonly personal: readonly string[];
}

const known = new WeakMap<EventType, PersonalFields>();

function personalFields(event: EventType): PersonalFields {
  const cached = known.get(event);
  if (cached !== undefined) return cached;
  const fields = Object.entries<Field>(event.fields);
  const found = {
    subject: fields.find(([, field]) => field.subject)?.[0],
    personal: fields.filter(([, field]) => !field.subject && field.class === 'pii').map(([name]) => name),
  };
  known.set(event, found);
  return found;
}

/**
 * The row as log, lake and online store hold it: the subject's field is the pseudonym, every other field of class `pii` is
 * `enc:v1:…`, bound to subject and field. Nulls stay null.
 * @throws MR_GOVERNANCE_SUBJECT_MISSING where a field is personal and nobody is named
 */
export async function sealRow(event: EventType, row: Row, keys: KeyStore): Promise<Row> {
  const { subject, personal } = personalFields(event);
  const person = subject === undefined ? undefined : row[subject];
  if (subject === undefined || typeof person !== 'string') {
    const exposed = personal.find((name) => row[name] !== null && row[name] !== undefined);
    if (exposed === undefined) return row;
    throw governanceError(
      'MR_GOVERNANCE_SUBJECT_MISSING',
      `${event.name}.${exposed} is personal data, but the event names no subject`,
      {
        field: `${event.name}.${exposed}`,
        expected: 'a subject to whose key it can be sealed',
      },
    );
  }
  const own = await keys.subject(person);
  const sealed: Record<string, Row[string]> = { ...row, [subject]: own.pseudonym };
  for (const name of personal) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    sealed[name] = SEALED + own.encrypt(Buffer.from(JSON.stringify(value)), `${event.name}.${name}`).toString('base64url');
  }
  return sealed;
}

/**
 * The row with its personal fields readable again. The subject's field stays the pseudonym: the plain id is kept nowhere.
 * Undefined where the subject was erased or is unknown. @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN
 */
export async function openRow(event: EventType, row: Row, keys: KeyStore): Promise<Row | undefined> {
  const { subject, personal } = personalFields(event);
  const pseudonym = subject === undefined ? undefined : row[subject];
  if (typeof pseudonym !== 'string') return row;
  const own = await keys.byPseudonym(pseudonym);
  if (own === undefined) return undefined;
  const open: Record<string, Row[string]> = { ...row };
  for (const name of personal) {
    const value = row[name];
    if (value !== null && value !== undefined) open[name] = openField(own, `${event.name}.${name}`, value);
  }
  return open;
}

function openField(own: SubjectKeys, context: string, value: Row[string]): Row[string] {
  if (typeof value !== 'string' || !value.startsWith(SEALED)) {
    throw governanceError('MR_GOVERNANCE_CIPHERTEXT_BROKEN', `${context} is not sealed`, {
      field: context,
      expected: `text that begins with '${SEALED}'`,
    });
  }
  return JSON.parse(own.decrypt(Buffer.from(value.slice(SEALED.length), 'base64url'), context).toString('utf8')) as Row[string];
}

/** An embedding, or other bytes learnt about the person, under the person's key. Undefined where the subject was erased: leave the row out. */
export async function sealBytes(pseudonym: string, plain: Buffer, keys: KeyStore): Promise<Buffer | undefined> {
  return (await keys.byPseudonym(pseudonym))?.encrypt(plain, EMBEDDING);
}

/** Reverses `sealBytes`; undefined where the subject was erased. @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN */
export async function openBytes(pseudonym: string, sealed: Buffer, keys: KeyStore): Promise<Buffer | undefined> {
  const own = await keys.byPseudonym(pseudonym);
  return own === undefined ? undefined : openVector(own, sealed);
}

/** The same for who has the subject's keys at hand. @throws MR_GOVERNANCE_CIPHERTEXT_BROKEN, MR_GOVERNANCE_SUBJECT_ERASED */
export const openVector = (own: SubjectKeys, sealed: Buffer): Buffer => own.decrypt(sealed, EMBEDDING);
