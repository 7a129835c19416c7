import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import type { EventLog, LogRecord, StoredRecord } from '../../app/ingestion/event-log/port.ts';
import { groupsContract } from './event-log-groups.ts';

export interface EventLogGround {
  log(): EventLog;
  /** Closes the log and opens it again on the same data. */
  reopen(): Promise<void>;
  end(): Promise<void>;
}

const record = (key: string, value: string): LogRecord => ({ key, value: Buffer.from(value) });
const code = (expected: string) => (error: { code?: string }) => error.code === expected;

export async function readAll(log: EventLog, topic: string, chunk = 1000): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (const [partition, end] of (await log.endOffsets(topic)).entries()) {
    for (let offset = 0; offset < end; ) {
      const found = await log.read(topic, partition, offset, chunk);
      assert.ok(found.length > 0, `${topic}/${partition} has no record at ${offset}, and its end is ${end}`);
      records.push(...found);
      offset += found.length;
    }
  }
  return records;
}

/** What every event log must do. One suite, run on every adapter. */
export function eventLogContract(name: string, open: () => Promise<EventLogGround>): void {
  suite(`event log contract: ${name}`, () => {
    let ground: EventLogGround;
    let topics = 0;
    const fresh = async (partitions: number) => {
      const topic = `contract.t${++topics}`;
      await ground.log().ensureTopic({ name: topic, partitions });
      return topic;
    };
    before(async () => {
      ground = await open();
    });
    after(() => ground.end());

    test('offsets are dense from 0 and records come back as they were', async () => {
      const topic = await fresh(1);
      const positions = await ground
        .log()
        .append(topic, [
          { key: 'a', value: Buffer.from([0, 255, 10]), headers: { source: 'test', ü: '☃' } },
          record('b', ''),
          record('键', 'x'),
        ]);
      assert.deepEqual(
        positions,
        [0, 1, 2].map((offset) => ({ partition: 0, offset })),
      );
      const [first, second, third] = await ground.log().read(topic, 0, 0, 10);
      assert.deepEqual([first?.key, first?.offset, first?.headers], ['a', 0, { source: 'test', ü: '☃' }]);
      assert.deepEqual([...(first?.value ?? [])], [0, 255, 10]);
      assert.deepEqual([second?.value.length, second?.headers, third?.key], [0, undefined, '键']);
      assert.ok(Math.abs((first?.appendedAtMs ?? 0) - Date.now()) < 60_000);
    });

    test('a key stays in the partition that Kafka would choose, in order', async () => {
      const topic = await fresh(8);
      // Partitions of 8 by org.apache.kafka.common.utils.Utils.murmur2, whose own test vectors these keys are.
      const known = { '21': 0, foobar: 6, 'a-little-bit-long-string': 2, 'a-little-bit-longer-string': 2, abc: 3 };
      const keys = Object.keys(known);
      const positions = await ground.log().append(
        topic,
        keys.map((key) => record(key, key)),
      );
      const hashes = {
        '21': -973932308,
        foobar: -790332482,
        'a-little-bit-long-string': -985981536,
        'a-little-bit-longer-string': -1486304829,
        abc: 479470107,
      };
      for (const [i, key] of keys.entries()) {
        assert.equal(positions[i]?.partition, (hashes[key as keyof typeof hashes] & 0x7fffffff) % 8, key);
      }
      for (let i = 0; i < 20; i++) await ground.log().append(topic, [record('abc', String(i))]);
      const mine = (await readAll(ground.log(), topic, 3)).filter(
        ({ key, value }) => key === 'abc' && value.toString() !== 'abc',
      );
      assert.deepEqual(
        mine.map(({ value }) => value.toString()),
        Array.from({ length: 20 }, (_, i) => String(i)),
      );
    });

    test('reads, ends and group offsets agree with a model, across reopens', async () => {
      const step = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.array(
            fc.record({ key: fc.string({ maxLength: 4, unit: 'grapheme' }), value: fc.uint8Array({ maxLength: 40 }) }),
            { maxLength: 30 },
          ),
        },
        { weight: 1, arbitrary: fc.constant('reopen' as const) },
        {
          weight: 1,
          arbitrary: fc.record({
            group: fc.constantFrom('g', 'h'),
            partition: fc.nat(2),
            share: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 7 }), async (steps, chunk) => {
          const topic = await fresh(3);
          const model: LogRecord[][] = [[], [], []];
          const offsets = new Map<string, number>();
          for (const action of steps) {
            if (action === 'reopen') await ground.reopen();
            else if (Array.isArray(action)) {
              const records = action.map(({ key, value }) => ({ key, value: Buffer.from(value) }));
              const positions = await ground.log().append(topic, records);
              for (const [i, { partition, offset }] of positions.entries()) {
                assert.equal(model[partition]?.push(records[i] as LogRecord), offset + 1);
              }
            } else {
              const next = Math.floor((model[action.partition]?.length ?? 0) * action.share);
              await ground.log().commit(action.group, topic, action.partition, next);
              offsets.set(`${action.group}${action.partition}`, next);
            }
          }
          assert.deepEqual(
            await ground.log().endOffsets(topic),
            model.map(({ length }) => length),
          );
          for (const group of ['g', 'h']) {
            assert.deepEqual(
              await ground.log().committed(group, topic),
              [0, 1, 2].map((p) => offsets.get(`${group}${p}`) ?? 0),
            );
          }
          const seen = await readAll(ground.log(), topic, chunk);
          assert.deepEqual(
            seen.map(({ partition, offset, key, value }) => [partition, offset, key, value.toString('hex')]),
            model.flatMap((part, p) => part.map(({ key, value }, i) => [p, i, key, value.toString('hex')])),
          );
        }),
        { numRuns: 25 },
      );
    });

    test('concurrent appends all land, each once', async () => {
      const topic = await fresh(4);
      const values = Array.from({ length: 200 }, (_, i) => String(i));
      const positions = await Promise.all(
        values.map((value) => ground.log().append(topic, [record(value, value), record(value, `${value}'`)])),
      );
      assert.equal(new Set(positions.flat().map(({ partition, offset }) => `${partition}:${offset}`)).size, 400);
      const stored = (await readAll(ground.log(), topic)).map(({ value }) => value.toString());
      assert.deepEqual(stored.toSorted(), values.flatMap((value) => [value, `${value}'`]).toSorted());
    });

    test('a reader who waits is woken by the append, the abort and the close, and not before', async () => {
      const topic = await fresh(2);
      const never = new AbortController().signal;
      await ground.log().append(topic, [record('a', '1')]);
      const ends = await ground.log().endOffsets(topic);
      await ground.log().waitForMore(topic, [0, 0], never);
      let woken = false;
      const waiting = ground
        .log()
        .waitForMore(topic, ends, never)
        .then(() => {
          woken = true;
        });
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(woken, false);
      const uninteresting = new AbortController();
      const alsoWaiting = ground.log().waitForMore(topic, [Infinity, Infinity], uninteresting.signal);
      await ground.log().append(topic, [record('b', '2')]);
      await waiting;
      assert.equal(await Promise.race([alsoWaiting, new Promise((resolve) => setTimeout(resolve, 20, 'asleep'))]), 'asleep');
      uninteresting.abort();
      await alsoWaiting;
      const abort = new AbortController();
      const aborted = ground.log().waitForMore(topic, await ground.log().endOffsets(topic), abort.signal);
      abort.abort();
      await aborted;
      const closing = ground.log().waitForMore(topic, await ground.log().endOffsets(topic), never);
      await ground.reopen();
      await closing;
    });

    groupsContract(() => ground.log(), fresh);

    test('what is not there is refused by code', async () => {
      const topic = await fresh(2);
      const log = ground.log();
      await log.ensureTopic({ name: topic, partitions: 2 });
      await assert.rejects(log.ensureTopic({ name: topic, partitions: 3 }), code('MR_INGESTION_TOPIC_MISMATCH'));
      await assert.rejects(log.ensureTopic({ name: '../escape', partitions: 1 }), code('MR_INGESTION_TOPIC_INVALID'));
      await assert.rejects(log.append('contract.none', [record('a', '')]), code('MR_INGESTION_TOPIC_UNKNOWN'));
      await assert.rejects(log.read(topic, 7, 0, 1), code('MR_INGESTION_TOPIC_UNKNOWN'));
      await assert.rejects(log.join('g', ['contract.none']), code('MR_INGESTION_TOPIC_UNKNOWN'));
      await assert.rejects(log.commit('g', topic, 0, 1), code('MR_INGESTION_OFFSET_INVALID'));
      await assert.rejects(
        log.append(topic, [{ key: 'a', value: Buffer.alloc(1024 * 1024 + 1) }]),
        code('MR_INGESTION_RECORD_TOO_LARGE'),
      );
      assert.deepEqual(await log.read(topic, 0, 5, 10), []);
      assert.ok((await log.topics()).some(({ name, partitions }) => name === topic && partitions === 2));
    });
  });
}
