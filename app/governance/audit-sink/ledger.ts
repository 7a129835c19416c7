import type { KeyStore } from '../keys/port.ts';
import { type Checkpoint, isGenuine, readCheckpoint } from './checkpoint.ts';
import { type LineFile, wholeLines } from './line-file.ts';
import { Frontier } from './merkle.ts';
import { isSigned, readEntry } from './record.ts';

/** The three files of an audit log. */
export interface AuditFiles {
  readonly records: LineFile;
  readonly local: LineFile;
  /** The second place. */
  readonly witness: LineFile;
}

/** How far the files were read and found to hold together. */
export interface Ledger {
  readonly tree: Frontier;
  /** Where each record's line begins; one more for the end. */
  readonly offsets: number[];
  local: number;
  witness: number;
}

export interface Break {
  readonly at: number;
  readonly reason: string;
}

/** What kill -9 left unfinished: torn ends to cut, records to check-point again. */
export interface Unfinished {
  /** First record without a checkpoint in each place; the size where there is none. */
  readonly local: number;
  readonly witness: number;
  /** Roots after each record from the first unfinished on. */
  readonly roots: readonly string[];
  /** Lines of the local checkpoints that the witness lacks. */
  readonly copies: readonly Buffer[];
}

/** At most so many records share one lock and one flush, so at most so many can be without checkpoint after a crash. */
export const GROUP = 32;

export const emptyLedger = (): Ledger => ({ tree: new Frontier(), offsets: [0], local: 0, witness: 0 });

/** Root of the tree as hex. */
export const rootOf = (ledger: Ledger): string => ledger.tree.root().toString('hex');

/**
 * Reads on from where the ledger stands. Every record must be canonical, numbered, and lead to the root of its own
 * checkpoint in both places; only the newest may lack one, and then must carry the platform's signature.
 * `thorough` also checks every checkpoint's signature, otherwise the newest one's.
 */
export async function advance(ledger: Ledger, files: AuditFiles, keys: KeyStore, thorough: boolean): Promise<Break | Unfinished> {
  const lines = wholeLines(files.records.read(ledger.offsets.at(-1) ?? 0, files.records.bytes()));
  const local = wholeLines(files.local.read(ledger.local, files.local.bytes()));
  const witness = wholeLines(files.witness.read(ledger.witness, files.witness.bytes()));
  const first = ledger.tree.size;
  const broken = (index: number, reason: string): Break => ({ at: first + index, reason });
  const roots: string[] = [];
  const copies: Buffer[] = [];

  for (const [i, line] of lines.entries()) {
    const entry = readEntry(line);
    if (entry === undefined) return broken(i, 'the line is not a record as the platform writes it');
    if (entry.record.index !== first + i) return broken(i, `the record in this place calls itself number ${entry.record.index}`);
    ledger.tree.append(Buffer.from(entry.record.leaf, 'hex'));
    const root = rootOf(ledger);
    for (const [place, found] of [
      ['witness', witness[i]],
      ['log', local[i]],
    ] as const) {
      if (found === undefined) continue;
      const fault = await judge(found, first + i + 1, root, keys, thorough || i === lines.length - 1 || witness[i] === undefined);
      if (fault !== undefined) return broken(i, `${fault} (checkpoint of the ${place})`);
    }
    const [ours, theirs] = [local[i], witness[i]];
    if (theirs !== undefined && ours === undefined) return broken(i, 'the log has lost a checkpoint that the witness holds');
    if (theirs === undefined) {
      if (lines.length - i > GROUP) return broken(i, 'the witness has no checkpoint of this record');
      if (ours === undefined && !(await isSigned(line, keys)))
        return broken(i, 'the record was put in from outside: it has neither checkpoint nor signature');
      if (ours !== undefined) copies.push(ours);
      roots.push(root);
    }
    ledger.offsets.push((ledger.offsets.at(-1) ?? 0) + line.length + 1);
  }

  const seen = Math.max(local.length, witness.length);
  if (seen > lines.length) {
    const by = witness.length > lines.length ? 'the witness' : 'a checkpoint';
    return broken(lines.length, `records are missing from here on: ${by} has seen ${first + seen} of them`);
  }
  const sum = (taken: readonly Buffer[]): number => taken.reduce((bytes, line) => bytes + line.length + 1, 0);
  ledger.local += sum(local);
  ledger.witness += sum(witness);
  return { local: first + local.length, witness: first + witness.length, roots, copies };
}

/** What is wrong with a checkpoint as that of this size and root; undefined where nothing is. */
export async function judge(
  line: Buffer,
  size: number,
  root: string,
  keys: KeyStore,
  signature: boolean,
): Promise<string | undefined> {
  const checkpoint: Checkpoint | undefined = readCheckpoint(line);
  if (checkpoint === undefined) return 'the checkpoint is not one the platform writes';
  if (checkpoint.size !== size) return `the checkpoint in this place is of size ${checkpoint.size}, not ${size}`;
  if (signature && !(await isGenuine(checkpoint, keys))) return 'the checkpoint is not signed by the platform';
  return checkpoint.root === root ? undefined : 'the record is not the one that was signed';
}
