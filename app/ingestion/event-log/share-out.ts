import { ingestionError } from '../errors.ts';
import type { Assignment } from './port.ts';

/** Partitions by topic. */
export type Share = ReadonlyMap<string, readonly number[]>;

/**
 * Gives each partition to the member that wants its topic and has fewest so far. The same for the same members, whoever
 * works it out.
 * @param wants the topics of each member
 * @param partitions how many each topic has
 */
export function shareOut(
  wants: ReadonlyMap<string, readonly string[]>,
  partitions: ReadonlyMap<string, number>,
): ReadonlyMap<string, Share> {
  const members = [...wants.keys()].sort();
  const shares = new Map(members.map((member) => [member, new Map<string, number[]>()]));
  const held = new Map(members.map((member) => [member, 0]));
  const heldBy = (member: string) => held.get(member) ?? 0;
  for (const topic of [...partitions.keys()].sort()) {
    const asking = members.filter((member) => wants.get(member)?.includes(topic) === true);
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      const [first, ...others] = asking;
      if (first === undefined) break;
      const member = others.reduce((least, other) => (heldBy(other) < heldBy(least) ? other : least), first);
      const share = shares.get(member);
      share?.set(topic, [...(share.get(topic) ?? []), partition]);
      held.set(member, heldBy(member) + 1);
    }
  }
  return shares;
}

/** The assignment that holds, one after another. */
export class Holding {
  #ending = new AbortController();
  #share: Share = new Map();
  #assignment: Assignment = { partitions: () => [], over: this.#ending.signal };

  get assignment(): Assignment {
    return this.#assignment;
  }

  /** Takes another share; no share is one of nothing. */
  take(share: Share = new Map()): void {
    const before = this.#ending;
    this.#ending = new AbortController();
    this.#share = share;
    this.#assignment = { partitions: (topic) => share.get(topic) ?? [], over: this.#ending.signal };
    before.abort();
  }

  /** @throws MR_INGESTION_PARTITION_LOST */
  mustHold(group: string, topic: string, partition: number): void {
    if (this.#share.get(topic)?.includes(partition) !== true) throw lost(group, topic, partition);
  }
}

export const lost = (group: string, topic: string, partition: number) =>
  ingestionError('MR_INGESTION_PARTITION_LOST', `${topic}/${partition} is not this member's of ${group}`, {
    field: 'partition',
    value: partition,
    expected: 'a partition of its assignment',
  });
