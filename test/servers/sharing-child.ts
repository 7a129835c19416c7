import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { startMaterializer } from '../../app/features/materialize.ts';
import { openValkeyOnline, type ValkeyOptions } from '../../app/features/online-store/valkey.ts';
import { type KafkaLogOptions, openKafkaLog } from '../../app/ingestion/event-log/kafka.ts';
import type { Assignment, EventLog, Membership } from '../../app/ingestion/event-log/port.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeInto } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { aside, clicks } from '../lake/sink-child.ts';

/** What a replica is given: one argument, as JSON. */
export interface ReplicaOptions {
  readonly access: KafkaLogOptions;
  readonly topic: string;
  readonly group: string;
  /** Where it writes: the lake in this folder, or this online store. */
  readonly lake?: string;
  readonly online?: ValkeyOptions;
}

export type ReplicaLine =
  | { readonly share: readonly number[] }
  /** The brokers refused a commit of a partition that it believed to have. */
  | { readonly refused: number }
  | { readonly faults: string };

interface Following {
  positions(): readonly number[];
  close(): Promise<void>;
}

const clock = systemClock;
const logger = pino({ level: 'silent' });

async function sinkInto(dir: string, topic: string, log: EventLog, members: Membership): Promise<Following> {
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
    scratchDir: join(dir, `scratch-${process.pid}`),
    clock,
  });
  const sink = await startLakeSink({
    ...{ log, lake, members, topic, table: clicks, quarantine: aside, decode: decodeInto(clicks) },
    audit: (rows) => ({ passed: !rows.some(({ id }) => String(id).startsWith('bad')), reason: 'bad ids' }),
    ...{ clock, logger, maxRows: 40, maxWaitMs: 20 },
  });
  const close = async () => {
    await sink.close();
    await lake.close();
  };
  return { positions: sink.positions, close };
}

function materializeInto(options: ValkeyOptions, log: EventLog, members: Membership): Following {
  const online = openValkeyOnline(options);
  const running = startMaterializer({ usecase: retail, view, log, members, online, clock, logger, maxRecords: 15 });
  const close = async () => {
    await running.close();
    await online.close();
  };
  return { positions: running.positions, close };
}

const say = (line: ReplicaLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

// As a program: a replica of the sink or the materializer, until it is told to stop.
const [, program, given] = process.argv;
if (program?.endsWith('sharing-child.ts') && given !== undefined) {
  const { access, topic, group, lake, online } = JSON.parse(given) as ReplicaOptions;
  const log = await openKafkaLog(access);
  const members = await log.join(group, [topic]);
  const following =
    online === undefined ? await sinkInto(lake ?? '', topic, log, members) : materializeInto(online, log, members);
  let told: Assignment | undefined;
  /** Commits what it has as often as it can: one who wakes from a pause does that before it hears anything. */
  const tick = async () => {
    const held = members.assignment();
    if (held !== told) say({ share: held.partitions(topic) });
    told = held;
    for (const partition of held.partitions(topic)) {
      if (members.assignment() !== held) return;
      await members.commit(topic, partition, following.positions()[partition] ?? 0).catch((error: { code?: string }) => {
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
    await following.close();
    await members.leave();
    await log.close();
    process.exit(0);
  });
}
