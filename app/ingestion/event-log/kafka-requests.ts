import { setTimeout as pause } from 'node:timers/promises';
import { Admin, type Broker, type ClusterTopicMetadata, type Connection, listOffsetsV7 } from '@platformatic/kafka';
import { ingestionError } from '../errors.ts';
import { kafkaFault } from './kafka-faults.ts';
import { clientOptions, type KafkaAccess } from './kafka-login.ts';

/** Special timestamps of Kafka's ListOffsets. */
const LATEST = -1n;
const EARLIEST = -2n;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Requests to the brokers over connections of its own: an answer that is waited for holds up those behind it. */
export interface KafkaRequests {
  /** For what the protocol has a call of the client. */
  readonly admin: Admin;
  /** The topic, or undefined where there is none; as it stands now, where that is asked for. */
  find(topic: string, how?: { readonly now: boolean }): Promise<ClusterTopicMetadata | undefined>;
  /** @throws MR_INGESTION_TOPIC_UNKNOWN */
  topic(topic: string): Promise<ClusterTopicMetadata>;
  leader(topic: string, partition: number): Promise<Connection>;
  /** Next offsets to be written, or the oldest that are kept, per partition of each topic. */
  offsets(topics: readonly string[], which: 'latest' | 'earliest'): Promise<ReadonlyMap<string, readonly number[]>>;
  /** Tries until it is done, or what hinders it is not to be mended by trying, or `patienceMs` are over. */
  patiently<T>(doing: string, attempt: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openRequests(access: KafkaAccess, patienceMs: number): KafkaRequests {
  const admin = new Admin(clientOptions(access));
  const closing = new AbortController();

  async function find(name: string, { now } = { now: false }): Promise<ClusterTopicMetadata | undefined> {
    try {
      return (await admin.metadata({ topics: [name], forceUpdate: now })).topics.get(name);
    } catch (error) {
      // The client's own words for Kafka's UNKNOWN_TOPIC_OR_PARTITION.
      if ((error as { code?: unknown }).code === 'PLT_KFK_USER' && /^Unknown topic /.test((error as Error).message))
        return undefined;
      throw error;
    }
  }

  async function topic(name: string): Promise<ClusterTopicMetadata> {
    const found = await find(name);
    if (found !== undefined) return found;
    throw ingestionError('MR_INGESTION_TOPIC_UNKNOWN', `there is no topic '${name}'`, {
      field: 'topic',
      value: name,
      expected: 'a topic that was created',
    });
  }

  async function leader(name: string, partition: number): Promise<Connection> {
    let { partitions } = await topic(name);
    // A topic that was given more partitions: who was told of a new one looks anew.
    if (partitions[partition] === undefined) partitions = (await find(name, { now: true }))?.partitions ?? partitions;
    const at = partitions[partition];
    if (at === undefined) {
      throw ingestionError('MR_INGESTION_TOPIC_UNKNOWN', `topic ${name} has no partition ${partition}`, {
        field: 'partition',
        value: partition,
        expected: `0 to ${partitions.length - 1}`,
      });
    }
    // While a leader is elected there is none; the pool says so, and the next try asks anew.
    return admin.connections.get(admin.currentMetadata?.brokers.get(at.leader) as Broker);
  }

  async function offsets(names: readonly string[], which: 'latest' | 'earliest') {
    const timestamp = which === 'latest' ? LATEST : EARLIEST;
    const asked = new Map<Connection, Map<string, { partitionIndex: number; currentLeaderEpoch: number; timestamp: bigint }[]>>();
    for (const name of names) {
      for (const partitionIndex of (await topic(name)).partitions.keys()) {
        const connection = await leader(name, partitionIndex);
        const topics = asked.get(connection) ?? new Map();
        asked.set(
          connection,
          topics.set(name, [...(topics.get(name) ?? []), { partitionIndex, currentLeaderEpoch: -1, timestamp }]),
        );
      }
    }
    const found = new Map<string, number[]>(names.map((name) => [name, []]));
    const answers = await Promise.all(
      [...asked].map(([connection, topics]) =>
        listOffsetsV7.api.async(
          connection,
          -1,
          0,
          [...topics].map(([name, partitions]) => ({ name, partitions })),
        ),
      ),
    );
    for (const { name, partitions } of answers.flatMap(({ topics }) => topics)) {
      const ends = found.get(name) ?? [];
      for (const { partitionIndex, offset } of partitions) ends[partitionIndex] = Number(offset);
    }
    return found;
  }

  return {
    admin,
    find,
    topic,
    leader,
    offsets,
    async patiently(doing, attempt) {
      const until = performance.now() + patienceMs;
      for (let tries = 0; ; tries++) {
        if (closing.signal.aborted) throw ingestionError('MR_INGESTION_LOG_CLOSED', `${doing}: the event log is closed`);
        try {
          return await attempt();
        } catch (error) {
          const fault = kafkaFault(error, doing);
          if (fault.code !== 'MR_INGESTION_LOG_UNAVAILABLE' || performance.now() >= until) throw fault;
          admin.clearMetadata();
          await pause(Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS), undefined, { signal: closing.signal }).catch(
            () => undefined,
          );
        }
      }
    },
    async close() {
      closing.abort();
      await admin.close().catch(() => undefined);
    },
  };
}
