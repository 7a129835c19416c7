import type { Membership } from './port.ts';
import { Holding, shareOut } from './share-out.ts';

interface Member {
  readonly topics: readonly string[];
  readonly holding: Holding;
}

/** Who shares a group inside the one process that has the log: nobody joins from elsewhere, and nobody dies alone. */
export function openGroups(
  partitionsOf: (topic: string) => number,
  commit: (group: string, topic: string, partition: number, nextOffset: number) => Promise<void>,
) {
  const groups = new Map<string, Map<string, Member>>();
  let joined = 0;

  function shareAnew(members: ReadonlyMap<string, Member>): void {
    const topics = new Set([...members.values()].flatMap((member) => member.topics));
    const shares = shareOut(
      new Map([...members].map(([id, member]) => [id, member.topics])),
      new Map([...topics].map((topic) => [topic, partitionsOf(topic)])),
    );
    for (const [id, { holding }] of members) holding.take(shares.get(id));
  }

  return {
    join(group: string, topics: readonly string[]): Membership {
      for (const topic of topics) partitionsOf(topic);
      const members = groups.get(group) ?? new Map<string, Member>();
      groups.set(group, members);
      const id = String(++joined).padStart(9, '0');
      const holding = new Holding();
      members.set(id, { topics, holding });
      shareAnew(members);
      return {
        assignment: () => holding.assignment,
        async commit(topic, partition, nextOffset) {
          holding.mustHold(group, topic, partition);
          await commit(group, topic, partition, nextOffset);
        },
        async leave() {
          if (!members.delete(id)) return;
          holding.take();
          shareAnew(members);
        },
      };
    },
    close(): void {
      for (const { holding } of [...groups.values()].flatMap((members) => [...members.values()])) holding.take();
      groups.clear();
    },
  };
}
