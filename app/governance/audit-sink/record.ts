import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { canonicalJson } from '../../canonical.ts';
import type { Micros } from '../../clock/port.ts';
import type { KeyStore } from '../keys/port.ts';
import { leafHash } from './merkle.ts';
import type { AuditAct, AuditRecord } from './port.ts';

const signature = Type.Object({ keyId: Type.String(), value: Type.String() }, { additionalProperties: false });
const outcomes = ['allowed', 'refused', 'done', 'failed'] as const;
const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

const shape = Compile(
  Type.Object(
    {
      index: Type.Integer({ minimum: 0 }),
      at: Type.Integer(),
      action: Type.String(),
      actor: Type.String(),
      subject: Type.String(),
      outcome: Type.Enum([...outcomes]),
      detail: Type.Optional(Type.Record(Type.String(), scalar)),
      signature,
    },
    { additionalProperties: false },
  ),
);

/** A record as its line: canonical JSON with its own signature, so that one the log never took is known from one it lost the checkpoint of. */
export interface Entry {
  readonly record: AuditRecord;
  /** Without the line feed; the tree's leaf is its hash. */
  readonly line: Buffer;
}

export async function writeEntry(act: AuditAct, index: number, at: Micros, keys: KeyStore): Promise<Entry> {
  const { action, actor, subject, outcome } = act;
  const detail =
    act.detail === undefined
      ? undefined
      : Object.fromEntries(Object.entries(act.detail).map(([name, value]) => [name, plain(value)]));
  const body = { index, at, action, actor, subject, outcome, ...(detail === undefined ? {} : { detail }) };
  const line = Buffer.from(canonicalJson({ ...body, signature: await keys.sign(Buffer.from(canonicalJson(body))) }));
  return { line, record: { ...body, leaf: leafHash(line).toString('hex') } };
}

/** JSON has no NaN and no infinities; a record of one is better than no record. */
function plain(value: string | number | boolean | null): string | number | boolean | null {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** Undefined where the line is not what `writeEntry` writes, byte for byte. */
export function readEntry(line: Buffer): Entry | undefined {
  const value = parseCanonical(line);
  if (!shape.Check(value)) return undefined;
  const { signature: _, ...body } = value;
  return { line, record: { ...body, leaf: leafHash(line).toString('hex') } as AuditRecord };
}

/** Whether the platform itself wrote the line. */
export async function isSigned(line: Buffer, keys: KeyStore): Promise<boolean> {
  const value = parseCanonical(line);
  if (!shape.Check(value)) return false;
  const { signature: own, ...body } = value;
  return keys.verify(Buffer.from(canonicalJson(body)), own);
}

/** The JSON value of a line in canonical form; undefined for any other bytes. */
export function parseCanonical(line: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return Buffer.from(canonicalJson(value)).equals(line) ? value : undefined;
  } catch {
    return undefined;
  }
}
