import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock/port.ts';
import { governanceError } from '../errors.ts';
import type { KeyStore } from '../keys/port.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { openFolderLock } from './folder-lock.ts';
import { groupedActs } from './grouped.ts';
import { type AuditFiles, advance, type Break, emptyLedger, type Ledger, rootOf, type Unfinished } from './ledger.ts';
import { openLineFile, wholeLines } from './line-file.ts';
import type { AuditAct, AuditRecord, AuditSink } from './port.ts';
import { type Entry, readEntry, writeEntry } from './record.ts';

export interface EmbeddedAuditOptions {
  /** Holds `records.jsonl`, `checkpoints.jsonl` and the lock. */
  readonly dir: string;
  /** The second place; best on another disk, or where only the platform may write. */
  readonly witnessDir: string;
  readonly keys: KeyStore;
  readonly clock: Clock;
}

/**
 * The laptop's audit log: a Merkle tree over canonical JSON lines (RFC 9162), a signed checkpoint per record in two
 * places. Processes take turns; acts that wait together share one flush. A log that does not hold together takes no
 * further record. The witness itself is trusted: who can change both places and knows a signing key can rewrite.
 */
export async function openEmbeddedAudit({ dir, witnessDir, keys, clock }: EmbeddedAuditOptions): Promise<AuditSink> {
  for (const folder of [dir, witnessDir]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: AuditFiles = {
    records: openLineFile(join(dir, 'records.jsonl')),
    local: openLineFile(join(dir, 'checkpoints.jsonl')),
    witness: openLineFile(join(witnessDir, 'checkpoints.jsonl')),
  };
  const lock = openFolderLock(dir);
  let ledger: Ledger = emptyLedger();
  let broken: Break | undefined;

  /** Takes in what other processes wrote and finishes what a killed one left. Under the lock only. */
  const catchUp = async (): Promise<void> => {
    const shrunk =
      files.records.bytes() < (ledger.offsets.at(-1) ?? 0) ||
      files.local.bytes() < ledger.local ||
      files.witness.bytes() < ledger.witness;
    if (shrunk || broken !== undefined) ledger = emptyLedger();
    // Once something was wrong, only a full check makes it right again.
    try {
      const found = await advance(ledger, files, keys, broken !== undefined);
      broken = 'reason' in found ? found : undefined;
      if (!('reason' in found)) await finish(found);
    } catch (error) {
      ledger = emptyLedger(); // Read anew next time: this one is ahead of what is on disk.
      throw error;
    }
  };

  const finish = async (left: Unfinished): Promise<void> => {
    for (const [file, end] of [
      [files.records, ledger.offsets.at(-1) ?? 0],
      [files.local, ledger.local],
      [files.witness, ledger.witness],
    ] as const) {
      if (file.bytes() > end) file.cut(end);
    }
    if (left.roots.length === 0) return;
    const now = clock.now();
    const unsigned = left.roots.slice(left.copies.length);
    const fresh = await Promise.all(unsigned.map((root, i) => writeCheckpoint(left.local + i + 1, root, now, keys)));
    ledger.local = files.local.write(ledger.local, fresh);
    ledger.witness = files.witness.write(ledger.witness, [...left.copies, ...fresh]);
  };

  const refuseBroken = (): void => {
    if (broken === undefined) return;
    throw governanceError('MR_GOVERNANCE_AUDIT_BROKEN', `record ${broken.at}: ${broken.reason}`, {
      field: dir,
      value: broken.at,
    });
  };

  /** Record, local checkpoint, witness: each on disk before the next is begun; all or nothing where a write fails. */
  const write = async (acts: readonly AuditAct[]): Promise<readonly AuditRecord[]> => {
    await catchUp();
    refuseBroken();
    const next: Ledger = { tree: ledger.tree.copy(), offsets: [], local: ledger.local, witness: ledger.witness };
    const start = ledger.offsets.at(-1) ?? 0;
    const entries: Entry[] = [];
    const checkpoints: Buffer[] = [];
    let end = start;
    for (const act of acts) {
      const at = clock.now();
      const entry = await writeEntry(act, next.tree.size, at, keys);
      next.tree.append(Buffer.from(entry.record.leaf, 'hex'));
      entries.push(entry);
      checkpoints.push(await writeCheckpoint(next.tree.size, rootOf(next), at, keys));
      end += entry.line.length + 1;
      next.offsets.push(end);
    }
    try {
      files.records.write(
        start,
        entries.map(({ line }) => line),
      );
      next.local = files.local.write(ledger.local, checkpoints);
      next.witness = files.witness.write(ledger.witness, checkpoints);
    } catch (cause) {
      files.witness.cut(ledger.witness);
      files.local.cut(ledger.local);
      files.records.cut(start);
      throw governanceError('MR_GOVERNANCE_AUDIT_FULL', `${dir}: ${(cause as Error).message}`, { field: dir, cause });
    }
    for (const offset of next.offsets) ledger.offsets.push(offset);
    ledger = { ...next, offsets: ledger.offsets };
    return entries.map(({ record }) => record);
  };

  const acts = groupedActs((work) => lock.hold(work), write);

  await lock.hold(catchUp);

  return {
    append: (act) => acts.append(act),
    async read(from = 0, limit = 1_000) {
      await lock.hold(catchUp);
      const count = ledger.offsets.length - 1;
      const first = Math.min(Math.max(from, 0), count);
      const last = Math.min(first + Math.max(limit, 0), count);
      const bytes = files.records.read(ledger.offsets[first] ?? 0, ledger.offsets[last] ?? 0);
      return wholeLines(bytes).flatMap((line) => readEntry(line)?.record ?? []);
    },
    async size() {
      await lock.hold(catchUp);
      return ledger.offsets.length - 1;
    },
    verify: () =>
      lock.hold(async () => {
        await catchUp();
        const whole = emptyLedger();
        const found = await advance(whole, files, keys, true);
        if (!('reason' in found)) return { verified: true, size: whole.tree.size, root: rootOf(whole) };
        broken = found;
        return { verified: false, size: whole.offsets.length - 1, brokenAt: found.at, reason: found.reason };
      }),
    async close() {
      await acts.settled();
      lock.close();
    },
  };
}
