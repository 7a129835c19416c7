import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog, Membership } from '../../app/ingestion/event-log/port.ts';
import { until } from '../cluster/until.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;

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

/** What every event log must do for those who share its topics. */
export function groupsContract(log: () => EventLog, fresh: (partitions: number) => Promise<string>): void {
  test('who joins a group alone has every partition, and commits where it stands', async () => {
    const topic = await fresh(3);
    await log().append(topic, [{ key: 'a', value: Buffer.from('1') }]);
    const [partition = 0] = (await log().endOffsets(topic)).flatMap((end, at) => (end > 0 ? [at] : []));
    const member = await log().join('alone', [topic]);
    assert.deepEqual(await shared({ [topic]: 3 }, [member]), [3]);
    await member.commit(topic, partition, 1);
    assert.equal((await log().committed('alone', topic))[partition], 1);
    await assert.rejects(member.commit(topic, partition, 2), code('MR_INGESTION_OFFSET_INVALID'));
    await member.leave();
    await assert.rejects(member.commit(topic, partition, 1), code('MR_INGESTION_PARTITION_LOST'));
    assert.deepEqual(member.assignment().partitions(topic), []);
  });

  test('members have each partition once between them, whoever comes and goes, and are told when it is over', async () => {
    const [one, two] = [await fresh(4), await fresh(3)];
    const topics = { [one]: 4, [two]: 3 };
    const join = () => log().join('several', [one, two]);
    const first = await join();
    await shared(topics, [first]);
    const alone = first.assignment();
    assert.equal(alone.over.aborted, false);
    const second = await join();
    assert.deepEqual((await shared(topics, [first, second])).toSorted(), [3, 4]);
    assert.equal(alone.over.aborted, true);
    const [theirs = -1] = second.assignment().partitions(one);
    await assert.rejects(first.commit(one, theirs, 0), code('MR_INGESTION_PARTITION_LOST'));
    await second.commit(one, theirs, 0);
    const third = await join();
    assert.deepEqual((await shared(topics, [first, second, third])).toSorted(), [2, 2, 3]);
    await first.leave();
    assert.deepEqual((await shared(topics, [second, third])).toSorted(), [3, 4]);
    const other = await log().join('others', [one]);
    assert.deepEqual(await shared({ [one]: 4 }, [other]), [4], 'another group has its own');
    await Promise.all([second, third, other].map((member) => member.leave()));
  });
}
