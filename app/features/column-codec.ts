import type { FieldType } from '../usecases/field.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Scalar } from './state.ts';

/** One field's values over the events: which are present, then those. Texts go through a dictionary in order of first sight. */
export function writeColumn(writer: ByteWriter, type: FieldType, values: readonly Scalar[]): void {
  const present = values.filter((value) => value !== null);
  writer.flags(values.map((value) => value !== null));
  switch (type) {
    case 'long':
    case 'timestamp':
      for (const value of present) writer.signed(value as number);
      break;
    case 'double':
      for (const value of present) writer.double(value as number);
      break;
    case 'boolean':
      writer.flags(present as boolean[]);
      break;
    case 'string':
      writeTexts(writer, present as string[]);
  }
}

export function readColumn(reader: ByteReader, type: FieldType, length: number): Scalar[] {
  const flags = reader.flags(length);
  const present = readPresent(reader, type, flags.filter(Boolean).length);
  let next = 0;
  return flags.map((flag) => (flag ? (present[next++] ?? null) : null));
}

function readPresent(reader: ByteReader, type: FieldType, count: number): Scalar[] {
  switch (type) {
    case 'long':
    case 'timestamp':
      return Array.from({ length: count }, () => reader.signed());
    case 'double':
      return Array.from({ length: count }, () => reader.double());
    case 'boolean':
      return reader.flags(count);
    case 'string':
      return readTexts(reader, count);
  }
}

function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  const words = new Map<string, number>();
  for (const text of texts) if (!words.has(text)) words.set(text, words.size);
  writer.unsigned(words.size);
  for (const word of words.keys()) writer.text(word);
  for (const text of texts) writer.unsigned(words.get(text) ?? 0);
}

function readTexts(reader: ByteReader, count: number): string[] {
  const words = Array.from({ length: reader.unsigned() }, () => reader.text());
  return Array.from({ length: count }, () => {
    const word = words[reader.unsigned()];
    if (word === undefined) throw new RangeError('a text outside the dictionary');
    return word;
  });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NONE = 0;
const AS_UUID = 1;
const AS_TEXT = 2;

/** Event ids: a UUID in 16 bytes, any other as what differs from the id before it. */
export function writeIds(writer: ByteWriter, ids: readonly (string | undefined)[]): void {
  let previous = Buffer.alloc(0);
  for (const id of ids) {
    if (id === undefined) {
      writer.unsigned(NONE);
    } else if (UUID.test(id)) {
      writer.unsigned(AS_UUID);
      writer.bytes(Buffer.from(id.replaceAll('-', ''), 'hex'));
    } else {
      const bytes = Buffer.from(id, 'utf8');
      const shared = sharedLength(previous, bytes);
      writer.unsigned(AS_TEXT + shared);
      writer.unsigned(bytes.length - shared);
      writer.bytes(bytes.subarray(shared));
      previous = bytes;
    }
  }
}

export function readIds(reader: ByteReader, length: number): (string | undefined)[] {
  let previous = Buffer.alloc(0);
  return Array.from({ length }, () => {
    const form = reader.unsigned();
    if (form === NONE) return undefined;
    if (form === AS_UUID)
      return reader
        .bytes(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    if (form - AS_TEXT > previous.length) throw new RangeError('an id that continues none');
    previous = Buffer.concat([previous.subarray(0, form - AS_TEXT), reader.bytes(reader.unsigned())]);
    return previous.toString('utf8');
  });
}

function sharedLength(a: Buffer, b: Buffer): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}
