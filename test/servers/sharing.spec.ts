import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { startMaterializer } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { openValkeyOnline, type ValkeyOptions } from '../../app/features/online-store/valkey.ts';
import { consumerName, onlineName } from '../../app/features/view-hash.ts';
import { openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import type { EventLog, LogRecord } from '../../app/ingestion/event-log/port.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { until } from '../cluster/until.ts';
import { aside, clicks } from '../lake/sink-child.ts';
import { type KafkaServer, startKafka } from './kafka.ts';
import type { ReplicaLine, ReplicaOptions } from './sharing-child.ts';
import { startValkey, usersOf, type ValkeyServers } from './valkey.ts';

const PARTITIONS = 6;
/** As short as brokers let it be. */
const SESSION_MS = 6_000;

let server: KafkaServer;
let log: EventLog;
before(async () => {
  server = await startKafka();
  log = await openKafkaLog(server.access());
});
after(async () => {
  await log?.close();
  await server?.stop();
});

interface Replica {
  readonly process: ChildProcess;
  readonly lines: ReplicaLine[];
  share(): readonly number[];
  /** How often the brokers refused it a commit. */
  refused(): number;
}

function start(options: Omit<ReplicaOptions, 'access'>): Replica {
  const given: ReplicaOptions = { access: { ...server.access(), sessionMs: SESSION_MS }, ...options };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sharing-child.ts'), JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ReplicaLine[] = [];
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
    lines.push(JSON.parse(line) as ReplicaLine);
  });
  return {
    process: child,
    lines,
    share: () => lines.findLast((line) => 'share' in line)?.share ?? [],
    refused: () => lines.filter((line) => 'refused' in line).length,
  };
}

const sharing = (...those: readonly Replica[]) =>
  until(
    'each partition is with one of them, as many with each',
    () => {
      const held = those.flatMap((one) => one.share()).toSorted();
      const counts = those.map((one) => one.share().length);
      return held.join() === [...Array(PARTITIONS).keys()].join() && Math.max(...counts) - Math.min(...counts) <= 1;
    },
    { timeoutMs: 60_000 },
  );

interface Work {
  readonly replica: Omit<ReplicaOptions, 'access'>;
  readonly record: (round: number, at: number) => LogRecord;
  /** Waits until what the log holds now is where it belongs. */
  arrived(): Promise<void>;
}

/** Replicas come, are killed, leave, are paused and wake too late, while records come all the time. */
async function comeAndGo({ replica, record, arrived }: Work): Promise<void> {
  const { topic, group } = replica;
  const producing = new AbortController();
  const produce = async () => {
    for (let round = 0; !producing.signal.aborted; round++) {
      await log.append(
        topic,
        Array.from({ length: 20 }, (_, at) => record(round, at)),
      );
      await pause(60);
    }
  };
  await log.ensureTopic({ name: topic, partitions: PARTITIONS });
  const producer = produce();
  const replicas: Replica[] = [];
  const another = () => {
    const made = start(replica);
    replicas.push(made);
    return made;
  };
  try {
    const [one, two] = [another(), another()];
    await sharing(one, two);
    await arrived();
    const three = another();
    await sharing(one, two, three);
    await arrived();
    two.process.kill('SIGKILL');
    await once(two.process, 'exit');
    await sharing(one, three);
    await arrived();
    one.process.kill('SIGTERM');
    assert.deepEqual(await once(one.process, 'exit'), [0, null]);
    await sharing(three);
    const four = another();
    await sharing(three, four);

    // Paused past its session: its partitions go to the other, and what it believes when it wakes is refused.
    const mine = three.share();
    three.process.kill('SIGSTOP');
    await sharing(four);
    await arrived();
    const earlier = await log.committed(group, topic);
    const refused = three.refused();
    three.process.kill('SIGCONT');
    await until('the brokers refuse what it commits', () => three.refused() > refused, { timeoutMs: 20_000 });
    await sharing(three, four);
    const now = await log.committed(group, topic);
    for (const partition of mine)
      assert.ok((now[partition] ?? 0) >= (earlier[partition] ?? 0), `the group never goes back in ${partition}`);

    producing.abort();
    await producer;
    await arrived();
    const ends = await log.endOffsets(topic);
    await until('the group stands at the end', async () => (await log.committed(group, topic)).join() === ends.join());
    assert.deepEqual(
      replicas.flatMap(({ lines }) => lines.filter((line) => 'faults' in line)),
      [],
    );
  } finally {
    producing.abort();
    await producer;
    for (const { process: child } of replicas) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
}

test('replicas of the sink: whoever comes, is killed, leaves or wakes too late, each record is in the lake once', async () => {
  const dir = server.folder();
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
    scratchDir: join(dir, 'scratch'),
    clock: systemClock,
  });
  const produced: string[] = [];
  const ids = async () =>
    (await Promise.all([clicks, aside].map(({ name }) => lake.query<{ id: string }>(`select id from ${name}`))))
      .flat()
      .map(({ id }) => id);
  try {
    await comeAndGo({
      replica: { topic: 'shop.click', group: 'shop.sink', lake: dir },
      // Now and then one that sends its whole batch aside.
      record(round, at) {
        const id = `${round % 7 === 0 && at === 3 ? 'bad' : 'id'}-${round}-${at}`;
        produced.push(id);
        return { key: id, value: Buffer.from(JSON.stringify({ id })) };
      },
      async arrived() {
        const wanted = [...produced];
        await until('what was produced is in the lake', async () => {
          const found = new Set(await ids());
          return wanted.every((id) => found.has(id));
        });
      },
    });
    const found = await ids();
    assert.equal(found.length, produced.length, 'each once');
    assert.deepEqual([...found].sort(), [...produced].sort());
    assert.ok((await lake.snapshot(aside.name)).rows > 0, 'some went aside');
  } finally {
    await lake.close();
  }
});

suite('replicas of the materializer', () => {
  const users = Array.from({ length: 60 }, (_, at) => `user-${at}`);
  let servers: ValkeyServers;
  let options: ValkeyOptions;
  before(async () => {
    const conf = 'appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction';
    servers = await startValkey(1, () => [{ conf, acl: usersOf('member.sh') }]);
    options = { ...servers.login('writer'), address: { host: 'localhost', port: servers.ports[0] as number } };
  });
  after(() => servers?.stop());

  test('whoever comes, is killed, leaves or wakes too late, the rows are those that one alone makes', async () => {
    const topic = 'retail.click';
    const online = openValkeyOnline(options);
    const other = await openEmbeddedOnline(server.folder());
    try {
      await comeAndGo({
        replica: { topic, group: 'retail.materializer', online: options },
        record(round, at) {
          const [count, user] = [round * 20 + at, users[(round * 7 + at) % users.length] as string];
          const row = {
            ...{ event_id: `event-${count}`, user_id: user, session_id: 's', item_id: `item-${(count * 31) % 23}` },
            ...{ kind: ['view', 'view', 'basket', 'purchase'][count % 4], price: count % 5 === 0 ? null : (count % 97) / 10 },
            ...{ address: null, event_time: 1_780_000_000_000_000 + (count % 11 === 0 ? count - 40 : count) * 60_000_000 },
          };
          return { key: user, value: Buffer.from(JSON.stringify(row)) };
        },
        async arrived() {
          const ends = await log.endOffsets(topic);
          await until('what was produced is online', async () => {
            const held = await online.offsets(consumerName(view));
            return ends.every((end, partition) => (held.get(partition) ?? 0) >= end);
          });
        },
      });
      const alone = startMaterializer({
        ...{ usecase: retail, view, log, online: other, clock: systemClock, logger: pino({ level: 'silent' }) },
      });
      await alone.caughtUp();
      await alone.close();
      const [found, wanted] = await Promise.all([online, other].map((store) => store.getMany(onlineName(view), users)));
      assert.ok(wanted?.every((row) => row !== undefined));
      assert.deepEqual(found, wanted);
    } finally {
      await online.close();
      await other.close();
    }
  });
});
