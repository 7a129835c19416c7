import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { canonicalJson } from '../../canonical.ts';
import type { Micros } from '../../clock/port.ts';
import type { KeyStore } from '../keys/port.ts';
import { parseCanonical } from './record.ts';

/** A signed tree head: what the log was at this size. Whoever keeps one can tell any later change of what it covers. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly at: Micros;
  readonly keyId: string;
  /** Ed25519 over the note, base64. */
  readonly signature: string;
}

export const ORIGIN = 'millrace/audit';

const shape = Compile(
  Type.Object(
    {
      origin: Type.Literal(ORIGIN),
      size: Type.Integer({ minimum: 1 }),
      root: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      at: Type.Integer(),
      keyId: Type.String(),
      signature: Type.String(),
    },
    { additionalProperties: false },
  ),
);

/** The signed text, laid out as a C2SP tlog-checkpoint note: origin, size, root in base64, then our one extension line, the time. */
function note(size: number, root: string, at: Micros): Buffer {
  return Buffer.from(`${ORIGIN}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\n${at}\n`);
}

/** The checkpoint as its line of canonical JSON, without the line feed. */
export async function writeCheckpoint(size: number, root: string, at: Micros, keys: KeyStore): Promise<Buffer> {
  const { keyId, value } = await keys.sign(note(size, root, at));
  return Buffer.from(canonicalJson({ origin: ORIGIN, size, root, at, keyId, signature: value }));
}

/** Undefined where the line is not what `writeCheckpoint` writes, byte for byte. */
export function readCheckpoint(line: Buffer): Checkpoint | undefined {
  const value = parseCanonical(line);
  if (!shape.Check(value)) return undefined;
  // Base64 leaves bits unused: only the one spelling counts.
  return Buffer.from(value.signature, 'base64').toString('base64') === value.signature ? (value as Checkpoint) : undefined;
}

export function isGenuine(checkpoint: Checkpoint, keys: KeyStore): Promise<boolean> {
  return keys.verify(note(checkpoint.size, checkpoint.root, checkpoint.at), {
    keyId: checkpoint.keyId,
    value: checkpoint.signature,
  });
}
