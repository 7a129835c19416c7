import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { type KafkaLogOptions, openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeInto } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { aside, clicks, TOPIC } from '../lake/sink-child.ts';

export const GROUP = 'shop.sink';

/** What a replica of the sink is given: one argument, as JSON. */
export interface ReplicaOptions {
  readonly access: KafkaLogOptions;
  readonly dir: string;
}

export type ReplicaLine =
  | { readonly share: readonly number[] }
  /** The brokers refused a commit of a partition that it believed to have. */
  | { readonly refused: number }
  | { readonly faults: string };

const say = (line: ReplicaLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

// As a program: a replica of the sink, until it is told to stop.
const [, program, given] = process.argv;
if (program?.endsWith('sharing-child.ts') && given !== undefined) {
  const { access, dir } = JSON.parse(given) as ReplicaOptions;
  const log = await openKafkaLog(access);
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
    scratchDir: join(dir, `scratch-${process.pid}`),
    clock: systemClock,
  });
  const members = await log.join(GROUP, [TOPIC]);
  const sink = await startLakeSink({
    ...{ log, lake, members, topic: TOPIC, table: clicks, quarantine: aside, decode: decodeInto(clicks) },
    audit: (rows) => ({ passed: !rows.some(({ id }) => String(id).startsWith('bad')), reason: 'bad ids' }),
    ...{ clock: systemClock, logger: pino({ level: 'silent' }), maxRows: 40, maxWaitMs: 20 },
  });
  let told = members.assignment();
  /** Commits what it has as often as it can: one who wakes from a pause does that before it hears anything. */
  const tick = async () => {
    const held = members.assignment();
    if (held !== told) say({ share: held.partitions(TOPIC) });
    told = held;
    for (const partition of held.partitions(TOPIC)) {
      if (members.assignment() !== held) return;
      await members.commit(TOPIC, partition, sink.positions()[partition] ?? 0).catch((error: { code?: string }) => {
        say(error.code === 'MR_INGESTION_PARTITION_LOST' ? { refused: partition } : { faults: String(error) });
      });
    }
  };
  let ticking = Promise.resolve();
  const timer = setInterval(() => {
    ticking = ticking.then(tick);
  }, 50);
  process.once('SIGTERM', async () => {
    clearInterval(timer);
    await ticking;
    await sink.close();
    await members.leave();
    await log.close();
    await lake.close();
    process.exit(0);
  });
}
