import { createReadStream } from 'node:fs';
import type { Clock } from '../clock/port.ts';
import type { EventType } from '../usecases/event.ts';
import { admit } from './door.ts';
import { validationError } from './errors.ts';
import { type Fault, REASON } from './fault.ts';

export interface LineVerdict {
  /** Counted from 1. */
  readonly line: number;
  /** Empty where the door would admit the event. */
  readonly faults: readonly Fault[];
}

/** A longer line is refused unread, so that memory stays bounded. */
const MAX_LINE_BYTES = 1024 * 1024;
const NEWLINE = 10;

/**
 * What the door says of each event of a JSON lines file; empty lines are skipped.
 * @throws MR_VALIDATION_FILE_UNREADABLE where the file is not there or may not be read
 */
export async function* checkFile(path: string, event: EventType, clock: Clock): AsyncGenerator<LineVerdict, void, undefined> {
  let line = 0;
  for await (const bytes of linesOf(path)) {
    line += 1;
    if (bytes !== 'too long' && bytes.every(isBlank)) continue;
    yield { line, faults: bytes === 'too long' ? [tooLong] : faultsOf(bytes, event, clock) };
  }
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 13 || byte === 9;

const whole = (value: string, expected: string, reason: string): Fault => ({ field: '(event)', value, expected, reason });
const tooLong = whole('(a line of more than 1 MiB)', 'a line of at most 1 MiB', REASON.length);

function faultsOf(bytes: Buffer, event: EventType, clock: Clock): readonly Fault[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return [whole('(bytes)', 'UTF-8', REASON.text)];
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    // The text may hold personal data: it is not repeated.
    return [whole('(text)', 'one JSON object a line', REASON.shape)];
  }
  const admission = admit(event, raw, clock);
  return admission.ok ? [] : admission.faults;
}

async function* linesOf(path: string): AsyncGenerator<Buffer | 'too long', void, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  const finish = (): Buffer | 'too long' => {
    const line = size > MAX_LINE_BYTES ? 'too long' : Buffer.concat(held);
    held = [];
    size = 0;
    return line;
  };
  const keep = (part: Buffer): void => {
    size += part.length;
    if (size <= MAX_LINE_BYTES) held.push(part);
    else held = [];
  };
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, end));
        from = end + 1;
        yield finish();
      }
      keep(chunk.subarray(from));
    }
    if (size > 0) yield finish();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) throw cause;
    throw validationError('MR_VALIDATION_FILE_UNREADABLE', `${path} cannot be read: ${cause.message}`, {
      field: 'file',
      value: path,
      expected: 'a readable JSON lines file',
      cause,
    });
  }
}
