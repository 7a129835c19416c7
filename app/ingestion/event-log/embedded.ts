import { join } from 'node:path';
import type { Logger } from 'pino';
import { syncFolder } from '../../disk.ts';
import { ingestionError } from '../errors.ts';
import { type Disk, systemDisk } from './disk.ts';
import { openGroups } from './embedded-groups.ts';
import { checkCommit, checkRecord, checkTopic } from './limits.ts';
import type { EventLog, TopicSpec } from './port.ts';
import { openLogState } from './state.ts';
import { openTopic, type Topic } from './topic.ts';

export interface EmbeddedLogOptions {
  /** A segment this long is closed and a new one begun. @default 64 MiB */
  readonly segmentBytes?: number;
  readonly logger?: Logger;
  readonly disk?: Disk;
}

/**
 * The event log of one machine: append-only segments under `dir`, one writing process. An append resolves after fsync.
 * @throws MR_INGESTION_LOG_LOCKED, MR_INGESTION_LOG_CORRUPT
 */
export async function openEmbeddedLog(dir: string, options: EmbeddedLogOptions = {}): Promise<EventLog> {
  const state = openLogState(dir);
  const topics = new Map<string, Topic>();
  let closed = false;

  const openNamed = async (spec: TopicSpec) => {
    const topicDir = join(dir, spec.name);
    const topic = await openTopic(spec, {
      dir: topicDir,
      segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
      disk: options.disk ?? systemDisk,
      logger: options.logger,
    });
    await syncFolder(topicDir);
    await syncFolder(dir);
    topics.set(spec.name, topic);
  };

  const find = (name: string): Topic => {
    if (closed) throw ingestionError('MR_INGESTION_LOG_CLOSED', `the event log in ${dir} is closed`);
    const topic = topics.get(name);
    if (topic !== undefined) return topic;
    throw ingestionError('MR_INGESTION_TOPIC_UNKNOWN', `there is no topic '${name}'`, {
      field: 'topic',
      value: name,
      expected: topics.size === 0 ? 'a topic that was created' : `one of ${[...topics.keys()].join(', ')}`,
    });
  };

  try {
    for (const spec of state.topics()) await openNamed(spec);
  } catch (error) {
    await Promise.all([...topics.values()].map((topic) => topic.close()));
    state.close();
    throw error;
  }

  let creating: Promise<void> = Promise.resolve();
  const create = async (spec: TopicSpec) => {
    const known = topics.get(spec.name)?.spec;
    if (known === undefined) {
      checkTopic(spec);
      // The folders are durable before the topic is known.
      await openNamed({ name: spec.name, partitions: spec.partitions });
      state.addTopic(spec);
    } else if (known.partitions !== spec.partitions) {
      throw ingestionError(
        'MR_INGESTION_TOPIC_MISMATCH',
        `topic ${spec.name} has ${known.partitions} partitions, not ${spec.partitions}`,
        {
          field: 'partitions',
          value: spec.partitions,
          expected: String(known.partitions),
        },
      );
    }
  };

  const commit = async (group: string, topic: string, partition: number, nextOffset: number) => {
    checkCommit({ group, topic, partition, nextOffset }, find(topic).ends()[partition] ?? -1);
    state.commit(group, topic, partition, nextOffset);
  };
  const groups = openGroups((topic) => find(topic).spec.partitions, commit);

  return {
    ensureTopic(spec) {
      const created = creating.then(() => create(spec));
      creating = created.catch(() => undefined);
      return created;
    },
    topics: async () => [...topics.values()].map(({ spec }) => spec).sort((a, b) => (a.name < b.name ? -1 : 1)),
    async append(topic, records) {
      const found = find(topic);
      for (const record of records) checkRecord(topic, record);
      return found.append(records);
    },
    read: async (topic, partition, offset, limit) => find(topic).read(partition, offset, limit),
    endOffsets: async (topic) => find(topic).ends(),
    async committed(group, topic) {
      const offsets = state.committed(group, find(topic).spec.name);
      return Array.from({ length: find(topic).spec.partitions }, (_, partition) => offsets.get(partition) ?? 0);
    },
    commit,
    join: async (group, topics) => groups.join(group, topics),
    waitForMore: async (topic, offsets, signal) => find(topic).waitForMore(offsets, signal),
    async close() {
      if (closed) return;
      closed = true;
      groups.close();
      await creating;
      await Promise.all([...topics.values()].map((topic) => topic.close()));
      state.close();
    },
  };
}
