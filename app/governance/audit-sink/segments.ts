import type { ObjectStore } from '../../lake/object-store/port.ts';
import type { KeyStore } from '../keys/port.ts';
import { type Break, GROUP, judge } from './ledger.ts';
import { wholeLines } from './line-file.ts';
import { Frontier } from './merkle.ts';
import { isSigned, readEntry } from './record.ts';

/**
 * The log on a bucket is a row of objects: `records/<index of the first>`, the lines of acts that were written together, and in
 * a second place `checkpoints/<the same>`, the signed checkpoint after them. An object is put only where none is, and its
 * name is where the one before it ends: two writers cannot both go on from the same place.
 */
const RECORDS = 'records/';
const CHECKPOINTS = 'checkpoints/';
const nameOf = (first: number): string => String(first).padStart(16, '0');
export const recordsKey = (first: number): string => `${RECORDS}${nameOf(first)}.jsonl`;
export const checkpointKey = (first: number): string => `${CHECKPOINTS}${nameOf(first)}.json`;

/** Objects fetched at the same time. */
const PARALLEL = 16;

/** How far the log was read and found to hold together. */
export interface Chain {
  readonly tree: Frontier;
  readonly segments: { readonly first: number; readonly count: number }[];
  /** The newest segment has no checkpoint yet: its writer is on the way to it, or died. */
  unfinished: boolean;
}

export const emptyChain = (): Chain => ({ tree: new Frontier(), segments: [], unfinished: false });

/** Records in the segments that hold. */
export function sizeOf({ segments }: Chain): number {
  const last = segments.at(-1);
  return last === undefined ? 0 : last.first + last.count;
}

interface Segment {
  readonly first: number;
  readonly records: Buffer;
  readonly checkpoint: Buffer | undefined;
}

export interface SegmentReader {
  /**
   * Reads on from where the chain stands. Every record must be canonical and numbered, and every segment lead to the root of
   * its signed checkpoint; only the newest may lack one, and then its lines must carry the platform's signature.
   */
  follow(chain: Chain): Promise<Break | undefined>;
  /** The same from the beginning, and that no checkpoint is there whose records are not. */
  whole(chain: Chain): Promise<Break | undefined>;
  /** Whether the checkpoint that is there is that of the chain's newest segment. */
  finished(chain: Chain): Promise<Break | undefined>;
  /** Lines of the segments, in order. */
  lines(segments: Chain['segments']): Promise<readonly Buffer[]>;
}

export function segmentReader(objects: ObjectStore, keys: KeyStore): SegmentReader {
  const fetch = async (key: string): Promise<Buffer | undefined> => {
    try {
      return await objects.get(key);
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'MR_LAKE_OBJECT_MISSING') return undefined;
      throw error;
    }
  };
  const segmentAt = async (first: number): Promise<Segment | undefined> => {
    const records = await fetch(recordsKey(first));
    return records && { first, records, checkpoint: await fetch(checkpointKey(first)) };
  };
  const listed = async (prefix: string): Promise<readonly number[]> =>
    (await objects.list(prefix)).flatMap(({ key }) => /\/(\d{16})\.jsonl?$/.exec(key)?.[1] ?? []).map(Number);

  const judged = ({ tree }: Chain, checkpoint: Buffer): Promise<string | undefined> =>
    judge(checkpoint, tree.size, tree.root().toString('hex'), keys, true);

  /** Takes the segment in; `last`: nothing was seen to follow it. */
  async function take(chain: Chain, { first, records, checkpoint }: Segment, last: boolean): Promise<Break | undefined> {
    if (first !== sizeOf(chain)) return { at: sizeOf(chain), reason: `the records before ${first} are missing` };
    const lines = wholeLines(records);
    const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (lines.length === 0 || lines.length > GROUP || bytes !== records.length)
      return { at: first, reason: 'the object is not one that the platform writes' };
    for (const [index, line] of lines.entries()) {
      const at = first + index;
      const entry = readEntry(line);
      if (entry === undefined) return { at, reason: 'the line is not a record as the platform writes it' };
      if (entry.record.index !== at) return { at, reason: `the record in this place calls itself number ${entry.record.index}` };
      chain.tree.append(Buffer.from(entry.record.leaf, 'hex'));
    }
    // Where it came between the two reads, it is there now.
    const signed = checkpoint ?? (last ? undefined : await fetch(checkpointKey(first)));
    if (signed === undefined && !last) return { at: first, reason: 'the log goes on, and there is no checkpoint of this record' };
    if (signed === undefined && !(await Promise.all(lines.map((line) => isSigned(line, keys)))).every(Boolean))
      return { at: first, reason: 'the record was put in from outside: it has neither checkpoint nor signature' };
    const reason = signed && (await judged(chain, signed));
    if (reason !== undefined) return { at: first, reason };
    chain.segments.push({ first, count: lines.length });
    chain.unfinished = signed === undefined;
    return undefined;
  }

  async function takeAll(chain: Chain, firsts: readonly number[]): Promise<Break | undefined> {
    for (let from = 0; from < firsts.length; from += PARALLEL) {
      for (const segment of await Promise.all(firsts.slice(from, from + PARALLEL).map(segmentAt))) {
        const fault = segment && (await take(chain, segment, segment.first === firsts.at(-1)));
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  }

  async function finished(chain: Chain): Promise<Break | undefined> {
    const first = chain.segments.at(-1)?.first ?? 0;
    const signed = await fetch(checkpointKey(first));
    const reason = signed && (await judged(chain, signed));
    chain.unfinished = signed === undefined;
    return reason === undefined ? undefined : { at: first, reason };
  }

  return {
    finished,
    async follow(chain) {
      if (chain.segments.length === 0) return takeAll(chain, await listed(RECORDS));
      let next = await segmentAt(sizeOf(chain));
      const fault = chain.unfinished ? await finished(chain) : undefined;
      if (fault !== undefined) return fault;
      if (next !== undefined && chain.unfinished)
        return { at: chain.segments.at(-1)?.first ?? 0, reason: 'the log goes on, and there is no checkpoint of this record' };
      while (next !== undefined) {
        const after = await segmentAt(next.first + wholeLines(next.records).length);
        const broken = await take(chain, next, after === undefined);
        if (broken !== undefined) return broken;
        next = after;
      }
      return undefined;
    },
    async whole(chain) {
      // The checkpoints first: a record is written before its checkpoint, so it is in the second listing.
      const signed = await listed(CHECKPOINTS);
      const fault = await takeAll(chain, await listed(RECORDS));
      if (fault !== undefined) return fault;
      const known = new Set(chain.segments.map(({ first }) => first));
      const alone = signed.find((first) => !known.has(first));
      return alone === undefined
        ? undefined
        : { at: Math.min(alone, sizeOf(chain)), reason: `records are missing: there is a checkpoint at ${alone}` };
    },
    async lines(segments) {
      const lines: Buffer[] = [];
      for (let from = 0; from < segments.length; from += PARALLEL) {
        const window = segments.slice(from, from + PARALLEL);
        for (const records of await Promise.all(window.map(({ first }) => objects.get(recordsKey(first)))))
          lines.push(...wholeLines(records));
      }
      return lines;
    },
  };
}
