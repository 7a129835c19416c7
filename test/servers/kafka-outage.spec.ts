import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import type { EventLog } from '../../app/ingestion/event-log/port.ts';
import { until } from '../cluster/until.ts';
import { readAll } from '../contracts/event-log.ts';
import { shared } from '../contracts/event-log-groups.ts';
import { type KafkaServer, startKafka } from './kafka.ts';
import { type LogLines, logTo } from './log-lines.ts';
import { lossyProxy } from './lossy-proxy.ts';

suite('Kafka goes and comes back', () => {
  let server: KafkaServer;
  let log: EventLog;
  const logged: LogLines = [];
  before(async () => {
    server = await startKafka();
    log = await openKafkaLog({ ...server.access(), patienceMs: 300_000, logger: logTo(logged) });
    for (const name of ['kept', 'waited']) await log.ensureTopic({ name, partitions: 3 });
  });
  after(async () => {
    await log?.close();
    await server?.stop();
  });

  test('what is sent while the broker is killed and started again lands once and in order', async () => {
    const writers = 6;
    const stop = new AbortController();
    const acknowledged: string[][] = Array.from({ length: writers }, () => []);
    const writing = acknowledged.map(async (mine, writer) => {
      for (let at = 0; !stop.signal.aborted; at++) {
        const values = [`${writer}:${at}a`, `${writer}:${at}b`];
        await log.append(
          'kept',
          values.map((value) => ({ key: `writer-${writer}`, value: Buffer.from(value) })),
        );
        mine.push(...values);
      }
    });
    for (let round = 0; round < 2; round++) {
      await pause(700);
      const before = acknowledged.flat().length;
      assert.ok(before > 0);
      await server.kill();
      await pause(300);
      await server.start();
      while (acknowledged.flat().length < before + 2 * writers) await pause(50);
    }
    stop.abort();
    await Promise.all(writing);
    const found = (await readAll(log, 'kept')).map(({ key, value }) => [key, value.toString()] as const);
    for (const [writer, mine] of acknowledged.entries()) {
      assert.deepEqual(
        found.filter(([key]) => key === `writer-${writer}`).map(([, value]) => value),
        mine,
      );
    }
  });

  test('who waits is woken by what comes after the outage', async () => {
    let woken = false;
    const ends = await log.endOffsets('waited');
    const waiting = log.waitForMore('waited', ends, new AbortController().signal).then(() => {
      woken = true;
    });
    await server.kill();
    await pause(1_000);
    assert.equal(woken, false);
    await server.start();
    const [position] = await log.append('waited', [{ key: 'k', value: Buffer.from('after') }]);
    await waiting;
    assert.equal((await log.read('waited', position?.partition ?? -1, position?.offset ?? -1, 1))[0]?.value.toString(), 'after');
  });

  test('members let go of what they have when they hear nothing for a session, and share it again after the outage', async () => {
    const others = await openKafkaLog({ ...server.access(), sessionMs: 6_000, logger: logTo(logged) });
    const members = [await others.join('outage', ['kept']), await others.join('outage', ['kept'])];
    await shared({ kept: 3 }, members);
    await server.kill();
    await until('none believes to have any', () => members.every((one) => one.assignment().partitions('kept').length === 0), {
      timeoutMs: 30_000,
    });
    await server.start();
    await shared({ kept: 3 }, members);
    for (const member of members)
      for (const partition of member.assignment().partitions('kept')) await member.commit('kept', partition, 1);
    assert.deepEqual(await log.committed('outage', 'kept'), [1, 1, 1]);
    await others.close();
  });

  test('where it stays away, each call ends within its patience and says so; the next one after it came back is answered', async () => {
    const hasty = await openKafkaLog({ ...server.access(), patienceMs: 1_500, logger: logTo(logged) });
    await hasty.append('kept', [{ key: 'k', value: Buffer.from('before') }]);
    await server.kill();
    const stop = new AbortController();
    let woken = false;
    const waiting = hasty.waitForMore('waited', await offsetsFarAhead(), stop.signal).then(() => {
      woken = true;
    });
    for (const attempt of [
      () => hasty.append('kept', [{ key: 'k', value: Buffer.from('x') }]),
      () => hasty.read('kept', 0, 0, 1),
      () => hasty.endOffsets('kept'),
      () => hasty.committed('g', 'kept'),
      () => hasty.ensureTopic({ name: 'kept', partitions: 3 }),
    ]) {
      const began = performance.now();
      await assert.rejects(attempt(), { code: 'MR_INGESTION_LOG_UNAVAILABLE' });
      assert.ok(performance.now() - began < 15_000);
    }
    assert.equal(woken, false, 'who waits for records goes on waiting');
    assert.ok(logged.some(({ msg }) => msg === 'still waiting for the brokers'));
    stop.abort();
    await waiting;
    await server.start();
    assert.equal((await hasty.endOffsets('kept')).length, 3);
    const [position] = await hasty.append('kept', [{ key: 'k', value: Buffer.from('again') }]);
    assert.equal((await hasty.read('kept', position?.partition ?? -1, position?.offset ?? -1, 1))[0]?.value.toString(), 'again');
    await hasty.close();
  });

  const offsetsFarAhead = async () => [1_000_000, 1_000_000, 1_000_000];
});

test('an append whose answer was lost is sent again and lands once', async (t) => {
  const proxy = await lossyProxy();
  const server = await startKafka({ advertised: proxy.port });
  proxy.target = server.port;
  const log = await openKafkaLog({ ...server.access(), patienceMs: 60_000 });
  t.after(async () => {
    await log.close();
    await server.stop();
    await proxy.close();
  });
  await log.ensureTopic({ name: 'once', partitions: 1 });
  const sent: string[] = [];
  for (let at = 0; at < 8; at++) {
    const values = [`${at}a`, `${at}b`];
    // The first one signs in as well, so that the lost answer is an acknowledgement.
    const losing = at % 2 === 1 ? proxy.loseAnswer() : Promise.resolve();
    const positions = await log.append(
      'once',
      values.map((value) => ({ key: 'k', value: Buffer.from(value) })),
    );
    await losing;
    sent.push(...values);
    assert.deepEqual(
      positions.map(({ offset }) => offset),
      [2 * at, 2 * at + 1],
    );
  }
  assert.deepEqual(
    (await log.read('once', 0, 0, 100)).map(({ value }) => value.toString()),
    sent,
  );
});
