import type { Logger } from 'pino';
import { ingestionError } from '../errors.ts';
import { answered } from './kafka-faults.ts';
import type { KafkaAccess } from './kafka-login.ts';
import { joinGroup } from './kafka-member.ts';
import { openWriter, type TopicWriter } from './kafka-producer.ts';
import { openReader } from './kafka-reader.ts';
import { openRequests } from './kafka-requests.ts';
import { openWatch } from './kafka-watch.ts';
import { checkCommit, checkRecord, checkTopic } from './limits.ts';
import type { EventLog, Membership, TopicSpec } from './port.ts';

export interface KafkaLogOptions extends KafkaAccess {
  /** How long a request is tried again while the brokers do not answer. @default 30000 */
  readonly patienceMs?: number;
  /** How long a group waits for a word of a member before others get its partitions; at most 12 seconds. @default 10000 */
  readonly sessionMs?: number;
  readonly logger?: Logger;
}

/**
 * The event log on Kafka. It needs no more rights than a workload declares: to describe and read or write a topic, and to describe
 * and read a group; it makes a topic only where it may. Nothing is asked of the brokers before the first call.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<EventLog> {
  const { patienceMs = 30_000, sessionMs = 10_000, logger } = options;
  const reading = openRequests(options, patienceMs);
  const writing = openRequests(options, patienceMs);
  const read = openReader(reading, logger);
  const watch = openWatch(reading, logger);
  const writers = new Map<string, TopicWriter>();
  const members: Membership[] = [];
  const { patiently } = reading;
  let closed = false;

  function mustBeOpen(): void {
    if (closed) throw ingestionError('MR_INGESTION_LOG_CLOSED', 'the event log is closed');
  }

  const endsOf = async (topic: string) => (await reading.offsets([topic], 'latest')).get(topic) ?? [];

  async function make({ name, partitions }: TopicSpec): Promise<void> {
    try {
      // As many copies as the brokers say.
      await reading.admin.createTopics({ topics: [name], partitions, replicas: -1 });
    } catch (error) {
      if (answered(error, 'TOPIC_ALREADY_EXISTS')) return;
      if (!answered(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED')) throw error;
      throw ingestionError('MR_INGESTION_TOPIC_UNKNOWN', `there is no topic '${name}', and this user may make none`, {
        field: 'topic',
        value: name,
        expected: 'a topic that the stack made',
      });
    }
  }

  return {
    async ensureTopic(spec) {
      mustBeOpen();
      checkTopic(spec);
      const { name, partitions } = spec;
      const found = await patiently(`look for topic ${name}`, async () => {
        const known = await reading.find(name, { now: true });
        if (known !== undefined) return known;
        await make(spec);
        const made = await reading.find(name);
        if (made === undefined) throw new Error('it was made, and is not known everywhere yet');
        return made;
      });
      // More of them is no fault: who deploys may have wanted more readers side by side.
      if (found.partitions.length >= partitions) return;
      throw ingestionError(
        'MR_INGESTION_TOPIC_MISMATCH',
        `topic ${name} has ${found.partitions.length} partitions, not ${partitions}`,
        {
          field: 'partitions',
          value: partitions,
          expected: `at most ${found.partitions.length}`,
        },
      );
    },
    async topics() {
      mustBeOpen();
      return patiently('list the topics', async () => {
        const names = await reading.admin.listTopics();
        const found = await Promise.all(names.map(async (name) => ({ name, topic: await reading.find(name) })));
        return found
          .flatMap(({ name, topic }) => (topic === undefined ? [] : [{ name, partitions: topic.partitions.length }]))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      });
    },
    async append(topic, records) {
      mustBeOpen();
      for (const record of records) checkRecord(topic, record);
      if (records.length === 0) return [];
      const writer = writers.get(topic) ?? openWriter(topic, writing);
      writers.set(topic, writer);
      return writer.append(records);
    },
    async read(topic, partition, offset, limit) {
      mustBeOpen();
      return read(topic, partition, offset, limit);
    },
    async endOffsets(topic) {
      mustBeOpen();
      return patiently(`find the ends of ${topic}`, () => endsOf(topic));
    },
    async committed(group, topic) {
      mustBeOpen();
      return patiently(`find where ${group} stands in ${topic}`, async () => {
        const partitionIndexes = [...(await reading.topic(topic)).partitions.keys()];
        const wanted = { groupId: group, topics: [{ name: topic, partitionIndexes }] };
        const [found] = await reading.admin.listConsumerGroupOffsets({ groups: [wanted] });
        const offsets = new Map(
          found?.topics.flatMap(({ partitions }) =>
            partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, Math.max(0, Number(committedOffset))]),
          ),
        );
        return partitionIndexes.map((partition) => offsets.get(partition) ?? 0);
      });
    },
    async commit(group, topic, partition, nextOffset) {
      mustBeOpen();
      await patiently(`let ${group} stand at ${nextOffset} in ${topic}/${partition}`, async () => {
        checkCommit({ group, topic, partition, nextOffset }, (await endsOf(topic))[partition] ?? -1);
        const partitionOffsets = [{ partition, offset: BigInt(nextOffset) }];
        await reading.admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] });
      });
    },
    async join(group, topics) {
      mustBeOpen();
      const requests = openRequests(options, patienceMs);
      try {
        for (const topic of topics) await patiently(`share ${topic}`, () => requests.topic(topic));
        const member = await joinGroup({ group, topics, sessionMs, requests, besides: reading, logger });
        members.push(member);
        return member;
      } catch (cause) {
        await requests.close();
        throw cause;
      }
    },
    async waitForMore(topic, offsets, signal) {
      mustBeOpen();
      return watch.waitForMore(topic, offsets, signal);
    },
    async close() {
      if (closed) return;
      closed = true;
      watch.close();
      await Promise.all(members.map((member) => member.leave()));
      await Promise.all([...writers.values()].map((writer) => writer.settled()));
      await Promise.all([reading.close(), writing.close()]);
    },
  };
}
