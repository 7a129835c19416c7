import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeInto } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { TableSpec } from '../../app/lake/port.ts';
import { startLakeSink } from '../../app/lake/sink.ts';

export const TOPIC = 'shop.click';

export const clicks: TableSpec = {
  name: 'shop.click',
  columns: [
    { name: 'id', type: 'string', nullable: false },
    { name: '_partition', type: 'long', nullable: false },
    { name: '_offset', type: 'long', nullable: false },
    { name: '_ingested_at', type: 'timestamp', nullable: false },
  ],
};

export const aside: TableSpec = {
  name: 'shop.click_quarantine',
  columns: [...clicks.columns, { name: '_reason', type: 'string', nullable: true }],
};

/** Opens the folder as a process of its own would. A batch with an id that begins with `bad` fails its audit. */
export async function openSink(
  dir: string,
  more: { readonly maxRows?: number; readonly maxWaitMs?: number; readonly compactAfterFiles?: number } = {},
) {
  const log = await openEmbeddedLog(join(dir, 'log'));
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
    scratchDir: join(dir, 'scratch'),
    clock: systemClock,
  });
  await log.ensureTopic({ name: TOPIC, partitions: 3 });
  const sink = await startLakeSink({
    log,
    lake,
    topic: TOPIC,
    table: clicks,
    decode: decodeInto(clicks),
    audit: (rows) => {
      const bad = rows.filter(({ id }) => String(id).startsWith('bad')).length;
      return { passed: bad === 0, reason: `${bad} bad ids` };
    },
    quarantine: aside,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    ...more,
  });
  const close = async () => {
    await sink.close();
    await lake.close();
    await log.close();
  };
  return { log, lake, sink, close };
}

// As a program: drains the topic of the folder in argv and exits, or dies at MILLRACE_CRASH_AT.
const [, program, dir, maxRows] = process.argv;
if (program?.endsWith('sink-child.ts') && dir !== undefined) {
  const opened = await openSink(dir, { maxRows: Number(maxRows) });
  await opened.sink.caughtUp();
  await opened.close();
}
