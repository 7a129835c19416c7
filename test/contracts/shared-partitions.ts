import type { Membership } from '../../app/ingestion/event-log/port.ts';
import { until } from '../cluster/until.ts';

/** Waits until each partition is with one of these members, as many with each as can be, and says how many each has. */
export function shared(topics: Readonly<Record<string, number>>, members: readonly Membership[]): Promise<readonly number[]> {
  return until('each partition is with one member, as many with each', () => {
    const assignments = members.map((member) => member.assignment());
    for (const [topic, partitions] of Object.entries(topics)) {
      const held = assignments.flatMap((assignment) => assignment.partitions(topic)).toSorted((a, b) => a - b);
      if (held.join() !== [...Array(partitions).keys()].join()) return undefined;
    }
    const counts = assignments.map((one) => Object.keys(topics).reduce((sum, topic) => sum + one.partitions(topic).length, 0));
    return Math.max(...counts) - Math.min(...counts) <= 1 ? counts : undefined;
  });
}
