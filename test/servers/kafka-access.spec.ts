import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { inspect } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { type KafkaLogOptions, openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import { clientOptions } from '../../app/ingestion/event-log/kafka-login.ts';
import type { EventLog } from '../../app/ingestion/event-log/port.ts';
import { eventTopic, predictionTopic, topicsOf } from '../../app/ingestion/topics.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { groupOf, workloadsOf } from '../../app/workloads.ts';
import { shared } from '../contracts/event-log-groups.ts';
import { certificateAuthority } from './certificate-authority.ts';
import { aclsFor, type KafkaServer, startKafka } from './kafka.ts';
import { type LogLines, logTo } from './log-lines.ts';

const WORKLOADS = ['collector', 'sink'] as const;
const CLICKS = eventTopic(retail, 'click');
const declared = (workload: string) => workloadsOf(retail).find(({ name }) => name === workload) ?? assert.fail(workload);
const record = (value: string) => ({ key: 'k', value: Buffer.from(value) });

suite('who may do what on Kafka', () => {
  let server: KafkaServer;
  let owner: EventLog;
  const opened: EventLog[] = [];
  const logged: LogLines = [];
  const open = async (options: KafkaLogOptions) => {
    const log = await openKafkaLog({ ...options, logger: logTo(logged) });
    opened.push(log);
    return log;
  };
  const with_ = (change: Partial<KafkaLogOptions>): KafkaLogOptions => ({ ...server.access(), ...change });

  before(async () => {
    server = await startKafka({ users: WORKLOADS });
    owner = await open(server.access());
    for (const topic of topicsOf(retail)) await owner.ensureTopic(topic);
    await owner.ensureTopic({ name: 'other.topic', partitions: 1 });
    const admin = new Admin({ ...clientOptions(server.access()), retries: 5 });
    await admin.createAcls({ creations: WORKLOADS.flatMap((name) => aclsFor(declared(name), name)) });
    await admin.close();
  });
  after(async () => {
    for (const log of opened) await log.close();
    await server?.stop();
  });

  test('a wrong password is refused at once, and the password is nowhere', async () => {
    const secret = 'tr0ub4dor-and-3';
    const passwordFile = server.file('wrong', secret);
    const log = await open(with_({ login: { mechanism: 'scram-sha-512', user: 'sink', passwordFile } }));
    for (const attempt of [
      () => log.endOffsets(CLICKS),
      () => log.append(CLICKS, [record('x')]),
      () => log.ensureTopic({ name: CLICKS, partitions: 1 }),
      () => log.waitForMore(CLICKS, [0], new AbortController().signal),
    ]) {
      const began = performance.now();
      const error = await attempt().then(
        () => assert.fail('it was let in'),
        (cause: unknown) => cause,
      );
      assert.equal((error as { code?: string }).code, 'MR_INGESTION_LOG_REFUSED');
      assert.ok(performance.now() - began < 15_000, 'it was not tried again');
      logTo(logged).error({ err: error }, 'as a caller logs it');
      assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), new RegExp(secret));
    }
    assert.doesNotMatch(JSON.stringify(logged), new RegExp(secret));
    // A password that was changed in the file is taken up without a new start.
    writeFileSync(passwordFile, 'correct-horse-sink\n');
    assert.equal((await log.endOffsets(CLICKS)).length, topicsOf(retail).find(({ name }) => name === CLICKS)?.partitions);
  });

  test('a certificate of another authority, and a file that is not there, are told apart', async () => {
    const stranger = certificateAuthority(server.folder());
    const misled = await open(with_({ caFile: stranger.ca.crt }));
    await assert.rejects(misled.endOffsets(CLICKS), { code: 'MR_INGESTION_LOG_UNTRUSTED', field: 'MILLRACE_LOG_CA_FILE' });
    await assert.rejects(misled.append(CLICKS, [record('x')]), { code: 'MR_INGESTION_LOG_UNTRUSTED' });
    const byNumber = await open(with_({ brokers: [`127.0.0.1:${server.port}`] }));
    await assert.rejects(byNumber.endOffsets(CLICKS), { code: 'MR_INGESTION_LOG_UNTRUSTED' });
    const lost = await open(with_({ login: { mechanism: 'scram-sha-512', user: 'sink', passwordFile: '/nowhere/password' } }));
    await assert.rejects(lost.endOffsets(CLICKS), { code: 'MR_INGESTION_LOG_LOGIN', value: '/nowhere/password' });
  });

  test('the collector, with what its declaration gives, writes its topics and no other', async () => {
    const log = await open(server.access('collector'));
    for (const { name, partitions } of topicsOf(retail).filter(({ name }) => name !== predictionTopic(retail))) {
      await log.ensureTopic({ name, partitions });
      const [{ partition, offset } = assert.fail()] = await log.append(name, [record('mine')]);
      const [found] = await log.read(name, partition, offset, 1);
      assert.equal(found?.value.toString(), 'mine');
    }
    for (const name of ['other.topic', predictionTopic(retail)]) {
      await assert.rejects(log.append(name, [record('x')]), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
      await assert.rejects(log.read(name, 0, 0, 1), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
    }
    await assert.rejects(log.commit(groupOf(retail, 'sink'), CLICKS, 0, 0), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
    assert.ok(!(await log.topics()).some(({ name }) => name === 'other.topic'));
  });

  test('the sink, with what its declaration gives, reads and keeps its place, and writes nothing', async () => {
    const log = await open(server.access('sink'));
    const group = groupOf(retail, 'sink');
    for (const topic of topicsOf(retail).filter(({ name }) => !name.endsWith('.dead'))) {
      await log.ensureTopic(topic);
      const [{ partition, offset } = assert.fail()] = await owner.append(topic.name, [record('for the sink')]);
      await log.waitForMore(topic.name, [], new AbortController().signal);
      assert.equal((await log.read(topic.name, partition, offset, 1)).length, 1);
      await log.commit(group, topic.name, partition, offset + 1);
      assert.equal((await log.committed(group, topic.name))[partition], offset + 1);
      await assert.rejects(log.append(topic.name, [record('x')]), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
    }
    const other = groupOf(retail, 'monitor');
    await assert.rejects(log.commit(other, CLICKS, 0, 0), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
    await assert.rejects(log.committed(other, CLICKS), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
  });

  test('two of the sink share its topics as its group, and no other group lets them in', async () => {
    const group = groupOf(retail, 'sink');
    const topics = topicsOf(retail).filter(({ name }) => !name.endsWith('.dead'));
    const names = topics.map(({ name }) => name);
    const logs = [await open(server.access('sink')), await open(server.access('sink'))];
    const members = await Promise.all(logs.map((log) => log.join(group, names)));
    await shared(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions])), members);
    const ends = await owner.endOffsets(CLICKS);
    for (const member of members)
      for (const partition of member.assignment().partitions(CLICKS))
        await member.commit(CLICKS, partition, ends[partition] ?? 0);
    assert.deepEqual(await owner.committed(group, CLICKS), ends);
    await Promise.all(members.map((member) => member.leave()));
    await assert.rejects(logs[0]?.join(groupOf(retail, 'monitor'), names) ?? assert.fail(), {
      code: 'MR_INGESTION_LOG_FORBIDDEN',
    });
  });

  test('who may not make a topic makes none, and is told that one is missing', async () => {
    const log = await open(server.access('sink'));
    await assert.rejects(log.ensureTopic({ name: 'not.declared', partitions: 1 }), { code: 'MR_INGESTION_LOG_FORBIDDEN' });
    const admin = new Admin({ ...clientOptions(server.access()), retries: 5 });
    await admin.deleteTopics({ topics: [predictionTopic(retail)] });
    await admin.close();
    await assert.rejects(log.ensureTopic({ name: predictionTopic(retail), partitions: 1 }), {
      code: 'MR_INGESTION_TOPIC_UNKNOWN',
      message: /this user may make none/,
    });
    assert.ok(!(await owner.topics()).some(({ name }) => name === predictionTopic(retail) || name === 'not.declared'));
  });
});
