import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { eventTable, quarantineTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { LakeRow } from '../../app/lake/port.ts';
import type { Row } from '../../app/usecases/event.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

export const START = 1_780_000_000_000_000;
export const TOPIC = 'retail.click';
const MINUTE = 60_000_000;

/** Clicks of `users` people, one every 5 minutes, some late; deterministic. */
export const clicks = (count: number, users = 7): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({
    event_id: `event-${(i * 7919) % count}`,
    user_id: `user-${i % users}`,
    session_id: 's',
    item_id: `item-${(i * 31) % 23}`,
    kind: ['view', 'view', 'basket', 'purchase'][i % 4] ?? 'view',
    price: i % 5 === 0 ? null : (i % 97) / 10,
    address: null,
    event_time: START + (i % 11 === 0 ? i - 40 : i) * 5 * MINUTE,
  }));

/** Log, lake and online store in one temporary folder. */
export async function openShop(dir?: string) {
  const home = dir ?? (await mkdtemp(join(tmpdir(), 'millrace-features-')));
  const log = await openEmbeddedLog(join(home, 'log'));
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(home, 'objects')), {
    scratchDir: join(home, 'scratch'),
    clock: systemClock,
  });
  const online = await openEmbeddedOnline(join(home, 'online'));
  await log.ensureTopic({ name: TOPIC, partitions: 4 });

  return {
    ...{ home, log, lake, online, usecase: retail, clock: systemClock, logger: pino({ level: 'silent' }) },
    append: (rows: readonly Row[]) =>
      log.append(
        TOPIC,
        rows.map((row) => ({ key: String(row.user_id), value: Buffer.from(JSON.stringify(row)) })),
      ),
    /** Copies the log into the lake as the sink does; rows that `bad` names go to the quarantine. Resolves to the version. */
    async sink(bad: (row: Row) => boolean = () => false): Promise<number> {
      const [main, quarantine] = [eventTable(retail, click), quarantineTable(retail, click)];
      await lake.ensureTable(main);
      await lake.ensureTable(quarantine);
      const { txn } = await lake.snapshot(main.name);
      const ends = await log.endOffsets(TOPIC);
      const rows: LakeRow[] = [];
      for (const [partition, end] of ends.entries()) {
        const from = txn.get(`${TOPIC}-${partition}`) ?? 0;
        for (const record of await log.read(TOPIC, partition, from, end - from)) {
          rows.push({
            ...(JSON.parse(record.value.toString()) as Row),
            _partition: partition,
            _offset: record.offset,
            _ingested_at: START,
          });
        }
      }
      const refused = rows.filter((row) => bad(row as Row)).map((row) => ({ ...row, _reason: 'test' }));
      if (refused.length > 0)
        await lake.commit(quarantine.name, { operation: 'WRITE', add: [await lake.stage(quarantine.name, refused)] });
      const snapshot = await lake.commit(main.name, {
        operation: 'WRITE',
        add: [
          await lake.stage(
            main.name,
            rows.filter((row) => !bad(row as Row)),
          ),
        ],
        txn: ends.map((version, partition) => ({ appId: `${TOPIC}-${partition}`, version })),
      });
      return snapshot.version;
    },
    async close(): Promise<void> {
      await Promise.all([log.close(), lake.close(), online.close()]);
    },
    async remove(): Promise<void> {
      await rm(home, { recursive: true, force: true });
    },
  };
}

export type Shop = Awaited<ReturnType<typeof openShop>>;
