import { type Connection, initProducerIdV4, NumericMap, ProduceAcks, produceV9 } from '@platformatic/kafka';
import { fitting, type Sized, sized } from './kafka-batch.ts';
import { answered } from './kafka-faults.ts';
import type { KafkaRequests } from './kafka-requests.ts';
import { partitionOf } from './partitioner.ts';
import type { LogRecord, RecordPosition } from './port.ts';

/** How long a leader waits for its followers; shorter than a request may take. */
const IN_SYNC_MS = 10_000;
const MAX_SEQUENCE = 2 ** 31 - 1;

export interface TopicWriter {
  append(records: readonly LogRecord[]): Promise<readonly RecordPosition[]>;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

/** Writes one topic; its partitions do not wait for each other. */
export function openWriter(topic: string, requests: KafkaRequests): TopicWriter {
  const lanes = new Map<number, Lane>();
  let counting: Promise<number> | undefined;

  /** Asked once, so that a key stays in its partition, and appends in their order. */
  function count(): Promise<number> {
    counting ??= requests.patiently(`append to ${topic}`, async () => (await requests.topic(topic)).partitions.length);
    counting.catch(() => {
      counting = undefined;
    });
    return counting;
  }

  return {
    async append(records) {
      const partitions = await count();
      const items = records.map((record) => {
        const partition = partitionOf(record.key, partitions);
        return { partition, item: sized(topic, partition, record) };
      });
      return Promise.all(
        items.map(async ({ partition, item }) => {
          const lane = lanes.get(partition) ?? openLane(topic, partition, requests);
          lanes.set(partition, lane);
          return { partition, offset: await lane.write(item) };
        }),
      );
    },
    async settled() {
      await Promise.all([...lanes.values()].map((lane) => lane.settled()));
    },
  };
}

interface Waiting extends Sized {
  readonly done: (offset: number) => void;
  readonly failed: (error: unknown) => void;
}

interface Lane {
  /** Resolves to the record's offset once every copy in sync has it. */
  write(record: Sized): Promise<number>;
  settled(): Promise<void>;
}

/**
 * The way into one partition. One batch is under way at a time, so order is kept; what arrives meanwhile shares the next. A batch
 * whose answer was lost is sent again as it was, under the writer's number and its own, by which the brokers know it.
 */
function openLane(topic: string, partition: number, requests: KafkaRequests): Lane {
  const queue: Waiting[] = [];
  let writer: { readonly producerId: bigint; readonly producerEpoch: number; readonly sequence: number } | undefined;
  let running: Promise<void> | undefined;

  async function send(connection: Connection, batch: readonly Sized[]): Promise<number> {
    if (writer !== undefined && writer.sequence + batch.length > MAX_SEQUENCE) writer = undefined;
    writer ??= { ...(await initProducerIdV4.api.async(connection, null, IN_SYNC_MS)), sequence: 0 };
    const { producerId, producerEpoch, sequence } = writer;
    const sequences = new NumericMap([[`${topic}:${partition}`, sequence]]);
    const messages = batch.map(({ message }) => message);
    const options = { compression: 'none', producerId, producerEpoch, sequences } as const;
    const response = (await produceV9.api.async(
      connection,
      ProduceAcks.ALL,
      IN_SYNC_MS,
      messages,
      options,
    )) as produceV9.ProduceResponse;
    writer = { ...writer, sequence: sequence + batch.length };
    return Number(response.responses[0]?.partitionResponses[0]?.baseOffset);
  }

  async function attempt(batch: readonly Sized[]): Promise<number> {
    const connection = await requests.leader(topic, partition);
    try {
      return await send(connection, batch);
    } catch (error) {
      // The brokers have forgotten this writer; so the batch is not there either.
      if (answered(error, 'UNKNOWN_PRODUCER_ID', 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH')) writer = undefined;
      throw error;
    }
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, fitting(queue));
      try {
        const base = await requests.patiently(`append to ${topic}/${partition}`, () => attempt(batch));
        queue.splice(0, batch.length);
        for (const [at, { done }] of batch.entries()) done(base + at);
      } catch (error) {
        // Nobody knows whether it was kept: its number is not used again, and nothing may come before those behind it.
        writer = undefined;
        for (const { failed } of queue.splice(0)) failed(error);
      }
    }
    running = undefined;
  }

  return {
    write(record) {
      return new Promise((done, failed) => {
        queue.push({ ...record, done, failed });
        // Starts in the next turn, so that the records of this turn share the first batch.
        running ??= Promise.resolve().then(run);
      });
    },
    async settled() {
      await running;
    },
  };
}
