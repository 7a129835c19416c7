import type { Clock } from '../../clock/port.ts';
import type { ObjectStore } from '../../lake/object-store/port.ts';
import { governanceError } from '../errors.ts';
import type { KeyStore } from '../keys/port.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { groupedActs } from './grouped.ts';
import type { Break } from './ledger.ts';
import type { AuditAct, AuditRecord, AuditSink } from './port.ts';
import { readEntry, writeEntry } from './record.ts';
import { type Chain, checkpointKey, emptyChain, recordsKey, segmentReader, sizeOf } from './segments.ts';

export interface BucketAuditOptions {
  /** The bucket of the audit log alone, with object lock: what is in it can be neither changed nor deleted. */
  readonly objects: ObjectStore & { close?(): Promise<void> };
  readonly keys: KeyStore;
  readonly clock: Clock;
}

/**
 * The audit log on a bucket: the tree, records and signed checkpoints of the laptop's, one object for acts that waited together.
 * Any number of processes may write: each goes on where the log ends, by put-if-absent, and whoever was second reads on
 * and tries again. Only `append` writes: to read and verify needs no right to put.
 */
export async function openBucketAudit({ objects, keys, clock }: BucketAuditOptions): Promise<AuditSink> {
  const reader = segmentReader(objects, keys);
  let chain = emptyChain();
  let broken: Break | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One piece of work at a time: all of them move the chain. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  async function catchUp(): Promise<void> {
    // Once something was wrong, only a full check makes it right again.
    const again = broken !== undefined;
    if (again) chain = emptyChain();
    // What was read stays as it is where the store falls silent on the way.
    const next: Chain = { tree: chain.tree.copy(), segments: [...chain.segments], unfinished: chain.unfinished };
    broken = await (again ? reader.whole(next) : reader.follow(next));
    chain = next;
  }

  function refuseBroken(): void {
    if (broken === undefined) return;
    throw governanceError('MR_GOVERNANCE_AUDIT_BROKEN', `record ${broken.at}: ${broken.reason}`, {
      field: recordsKey(broken.at),
      value: broken.at,
    });
  }

  /** Signs the newest segment, whoever wrote it: its writer may have died on the way. */
  async function finish(): Promise<void> {
    const newest = chain.segments.at(-1);
    if (!chain.unfinished || newest === undefined) return;
    const { tree } = chain;
    const checkpoint = await writeCheckpoint(tree.size, tree.root().toString('hex'), clock.now(), keys);
    if (await objects.putIfAbsent(checkpointKey(newest.first), checkpoint)) chain.unfinished = false;
    else broken = await reader.finished(chain);
    refuseBroken();
  }

  /** The records first, then their checkpoint in the second place; both durable before it resolves. */
  async function write(acts: readonly AuditAct[]): Promise<readonly AuditRecord[]> {
    for (;;) {
      await catchUp();
      refuseBroken();
      await finish();
      const first = sizeOf(chain);
      const tree = chain.tree.copy();
      const entries = await Promise.all(acts.map((act, index) => writeEntry(act, first + index, clock.now(), keys)));
      for (const { record } of entries) tree.append(Buffer.from(record.leaf, 'hex'));
      const body = Buffer.concat(entries.flatMap(({ line }) => [line, Buffer.from('\n')]));
      if (!(await objects.putIfAbsent(recordsKey(first), body))) continue;
      chain = { tree, segments: [...chain.segments, { first, count: entries.length }], unfinished: true };
      await finish();
      return entries.map(({ record }) => record);
    }
  }

  const acts = groupedActs(inTurn, write);

  await inTurn(catchUp);

  return {
    append: (act) => acts.append(act),
    read: (from = 0, limit = 1_000) =>
      inTurn(async () => {
        await catchUp();
        const first = Math.max(from, 0);
        const end = first + Math.max(limit, 0);
        const touched = chain.segments.filter((segment) => segment.first < end && segment.first + segment.count > first);
        const lines = await reader.lines(touched);
        const skipped = first - (touched[0]?.first ?? first);
        return lines
          .flatMap((line) => readEntry(line)?.record ?? [])
          .slice(Math.max(skipped, 0), Math.max(skipped, 0) + end - first);
      }),
    size: () =>
      inTurn(async () => {
        await catchUp();
        return sizeOf(chain);
      }),
    verify: () =>
      inTurn(async () => {
        const whole = emptyChain();
        broken = await reader.whole(whole);
        chain = whole;
        if (broken === undefined) return { verified: true, size: whole.tree.size, root: whole.tree.root().toString('hex') };
        return { verified: false, size: sizeOf(whole), brokenAt: broken.at, reason: broken.reason };
      }),
    async close() {
      await acts.settled();
      await objects.close?.();
    },
  };
}
