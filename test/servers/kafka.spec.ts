import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { openDedupe } from '../../app/ingestion/dedupe.ts';
import { openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import { clientOptions } from '../../app/ingestion/event-log/kafka-login.ts';
import { partitionOf } from '../../app/ingestion/event-log/partitioner.ts';
import type { EventLog } from '../../app/ingestion/event-log/port.ts';
import { openRuntime } from '../../app/runtime.ts';
import { eventLogContract, readAll } from '../contracts/event-log.ts';
import { type KafkaServer, startKafka } from './kafka.ts';
import { type LogLines, logTo } from './log-lines.ts';

eventLogContract('Kafka', async () => {
  const server = await startKafka();
  const open = () => openKafkaLog(server.access());
  let log = await open();
  return {
    log: () => log,
    async reopen() {
      await log.close();
      log = await open();
    },
    async end() {
      await log.close();
      await server.stop();
    },
  };
});

suite('what only Kafka does', () => {
  let server: KafkaServer;
  let log: EventLog;
  let admin: Admin;
  const logged: LogLines = [];
  before(async () => {
    server = await startKafka();
    log = await openKafkaLog({ ...server.access(), logger: logTo(logged) });
    admin = new Admin({ ...clientOptions(server.access()), retries: 3 });
  });
  after(async () => {
    await admin?.close();
    await log?.close();
    await server?.stop();
  });

  test('a topic with more partitions than the definition asks for is used with all of them', async () => {
    await log.ensureTopic({ name: 'wide', partitions: 6 });
    await log.ensureTopic({ name: 'wide', partitions: 4 });
    const keys = Array.from({ length: 200 }, (_, at) => `key-${at}`);
    const positions = await log.append(
      'wide',
      keys.map((key) => ({ key, value: Buffer.from(key) })),
    );
    assert.deepEqual(
      positions.map(({ partition }) => partition),
      keys.map((key) => partitionOf(key, 6)),
    );
    assert.equal((await log.endOffsets('wide')).length, 6);
  });

  test('an append larger than a batch may be lands whole and in order', async () => {
    await log.ensureTopic({ name: 'large', partitions: 2 });
    const records = Array.from({ length: 40 }, (_, at) => ({ key: 'one', value: Buffer.alloc(100_000, at) }));
    const positions = await log.append('large', records);
    assert.deepEqual(
      positions.map(({ offset }) => offset),
      records.map((_, at) => at),
    );
    const found = await readAll(log, 'large', 7);
    assert.deepEqual(
      found.map(({ value }) => [value.length, value[0], value.at(-1)]),
      records.map((_, at) => [100_000, at, at]),
    );
  });

  test('a record that fits its own limit and no batch is refused before anything is sent', async () => {
    await log.ensureTopic({ name: 'edge', partitions: 1 });
    const most = 1_048_576 - 61 - 40 - 3;
    await log.append('edge', [{ key: 'key', value: Buffer.alloc(most) }]);
    const records = [
      { key: 'key', value: Buffer.alloc(1) },
      { key: 'key', value: Buffer.alloc(most + 1) },
    ];
    await assert.rejects(log.append('edge', records), { code: 'MR_INGESTION_RECORD_TOO_LARGE', value: most + 44 });
    assert.deepEqual(await log.endOffsets('edge'), [1]);
  });

  test('where retention took the oldest records, reading goes on at the first kept, and says what was lost', async () => {
    await log.ensureTopic({ name: 'old', partitions: 1 });
    const records = Array.from({ length: 10 }, (_, at) => ({ key: 'k', value: Buffer.from(String(at)) }));
    for (const record of records) await log.append('old', [record]);
    await admin.deleteRecords({ topics: [{ name: 'old', partitions: [{ partition: 0, offset: 6n }] }] });
    logged.length = 0;
    const fresh = await log.read('old', 0, 0, 2);
    assert.deepEqual([fresh.map(({ offset }) => offset), logged], [[6, 7], []]);
    const late = await log.read('old', 0, 2, 100);
    assert.deepEqual(
      late.map(({ offset, value }) => [offset, value.toString()]),
      [6, 7, 8, 9].map((at) => [at, String(at)]),
    );
    const [line] = logged as [{ level: number; topic: string; from: number; to: number; lost: number }];
    assert.deepEqual([line.level, line.topic, line.from, line.to, line.lost], [50, 'old', 2, 6, 4]);
    const index = openDedupe(server.folder(), logTo([]));
    assert.equal(await index.catchUp('old', 'old', log, ({ value }) => value.toString()), 4, "the collector's index of ids");
    assert.deepEqual([index.find('old', '5'), index.find('old', '6')], [undefined, { partition: 0, offset: 6 }]);
    await index.close();
  });

  test('who waits for a topic that retention emptied is woken by the next record, and not before', async () => {
    await log.ensureTopic({ name: 'emptied', partitions: 1 });
    await log.append('emptied', [{ key: 'k', value: Buffer.from('gone') }]);
    await admin.deleteRecords({ topics: [{ name: 'emptied', partitions: [{ partition: 0, offset: 1n }] }] });
    assert.deepEqual(await log.read('emptied', 0, 0, 10), []);
    let woken = false;
    const waiting = log.waitForMore('emptied', [0], new AbortController().signal).then(() => {
      woken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(woken, false);
    await log.append('emptied', [{ key: 'k', value: Buffer.from('new') }]);
    await waiting;
    assert.deepEqual(
      (await log.read('emptied', 0, 0, 10)).map(({ offset }) => offset),
      [1],
    );
  });

  test('the settings of a container lead to it', async () => {
    const { brokers, caFile = '', login } = server.access();
    const { user, passwordFile } = login as Extract<typeof login, { user: string }>;
    const runtime = openRuntime({
      dataDir: server.folder(),
      environment: {
        MILLRACE_GROUND: 'cluster',
        MILLRACE_LOG_BROKERS: brokers.join(','),
        MILLRACE_LOG_MECHANISM: login.mechanism,
        MILLRACE_LOG_USER: user,
        MILLRACE_LOG_PASSWORD_FILE: passwordFile,
        MILLRACE_LOG_CA_FILE: caFile,
      },
    });
    const opened = await runtime.use('log');
    assert.deepEqual(await opened.endOffsets('edge'), [1]);
    await runtime.close();
    await assert.rejects(opened.endOffsets('edge'), { code: 'MR_INGESTION_LOG_CLOSED' });
  });
});
