import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../app/clock/embedded.ts';
import { openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import type { EventLog } from '../../app/ingestion/event-log/port.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { Lake } from '../../app/lake/port.ts';
import { until } from '../cluster/until.ts';
import { aside, clicks, TOPIC } from '../lake/sink-child.ts';
import { type KafkaServer, startKafka } from './kafka.ts';
import { GROUP, type ReplicaLine, type ReplicaOptions } from './sharing-child.ts';

const PARTITIONS = 6;
/** As short as brokers let it be. */
const SESSION_MS = 6_000;

interface Replica {
  readonly process: ChildProcess;
  readonly lines: ReplicaLine[];
  share(): readonly number[];
  /** How often the brokers refused it a commit. */
  refused(): number;
}

suite('replicas of the sink on Kafka', () => {
  let server: KafkaServer;
  let log: EventLog;
  let lake: Lake;
  let dir: string;
  const replicas: Replica[] = [];
  const produced: string[] = [];
  const producing = new AbortController();
  let producer: Promise<void>;

  before(async () => {
    server = await startKafka();
    dir = server.folder();
    log = await openKafkaLog(server.access());
    await log.ensureTopic({ name: TOPIC, partitions: PARTITIONS });
    lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
      scratchDir: join(dir, 'scratch'),
      clock: systemClock,
    });
    producer = produce();
  });
  after(async () => {
    producing.abort();
    await producer;
    for (const { process: child } of replicas) if (child.exitCode === null) child.kill('SIGKILL');
    await lake?.close();
    await log?.close();
    await server?.stop();
  });

  /** Some events all the time, and now and then one that sends its whole batch aside. */
  async function produce(): Promise<void> {
    for (let round = 0; !producing.signal.aborted; round++) {
      const ids = Array.from({ length: 20 }, (_, at) => `${round % 7 === 0 && at === 3 ? 'bad' : 'id'}-${round}-${at}`);
      await log.append(
        TOPIC,
        ids.map((id) => ({ key: id, value: Buffer.from(JSON.stringify({ id })) })),
      );
      produced.push(...ids);
      await pause(60);
    }
  }

  function start(): Replica {
    const given: ReplicaOptions = { access: { ...server.access(), sessionMs: SESSION_MS }, dir };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'sharing-child.ts'), JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: ReplicaLine[] = [];
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
      lines.push(JSON.parse(line) as ReplicaLine);
    });
    const replica: Replica = {
      process: child,
      lines,
      share: () => lines.findLast((line) => 'share' in line)?.share ?? [],
      refused: () => lines.filter((line) => 'refused' in line).length,
    };
    replicas.push(replica);
    return replica;
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

  const rows = async (): Promise<readonly string[]> =>
    (await Promise.all([clicks, aside].map(({ name }) => lake.query<{ id: string }>(`select id from ${name}`))))
      .flat()
      .map(({ id }) => id);

  /** Until what was produced up to now is in the lake. */
  async function arrived(): Promise<void> {
    const [wanted] = [[...produced]];
    await until('what was produced is in the lake', async () => {
      const found = new Set(await rows());
      return wanted.every((id) => found.has(id));
    });
  }

  test('whoever comes, is killed, leaves or wakes too late, no record is lost and none is there twice', async () => {
    const [one, two] = [start(), start()];
    await sharing(one, two);
    await arrived();
    const three = start();
    await sharing(one, two, three);
    await arrived();
    two.process.kill('SIGKILL');
    await once(two.process, 'exit');
    await sharing(one, three);
    await arrived();
    one.process.kill('SIGTERM');
    assert.deepEqual(await once(one.process, 'exit'), [0, null]);
    await sharing(three);
    const four = start();
    await sharing(three, four);

    // Paused past its session: its partitions go to the other, and what it believes when it wakes is refused.
    const mine = three.share();
    three.process.kill('SIGSTOP');
    await sharing(four);
    await arrived();
    const before = await log.committed(GROUP, TOPIC);
    const refused = three.refused();
    three.process.kill('SIGCONT');
    await until('the brokers refuse what it commits', () => three.refused() > refused, { timeoutMs: 20_000 });
    await sharing(three, four);
    const now = await log.committed(GROUP, TOPIC);
    for (const partition of mine)
      assert.ok((now[partition] ?? 0) >= (before[partition] ?? 0), `the group never goes back in ${partition}`);

    producing.abort();
    await producer;
    await arrived();
    const found = await rows();
    assert.equal(found.length, produced.length, 'each once');
    assert.deepEqual([...found].sort(), [...produced].sort());
    const ends = await log.endOffsets(TOPIC);
    await until('the group stands at the end', async () => (await log.committed(GROUP, TOPIC)).join() === ends.join());
    assert.deepEqual(
      replicas.flatMap(({ lines }) => lines.filter((line) => 'faults' in line)),
      [],
    );
    assert.ok((await lake.snapshot(aside.name)).rows > 0, 'some went aside');
  });
});
